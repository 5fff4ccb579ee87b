import { thumbnailUrl } from '../../api.ts'

/** A room’s own picture, cut to a square. Its name stands beside it. */
export function RoomPicture({ file, small }: { file: string; small?: boolean }) {
  return <img className={small ? 'rpic rpic-s' : 'rpic'} src={thumbnailUrl(file)} alt="" loading="lazy" />
}
