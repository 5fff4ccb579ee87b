/** What can go wrong in rooms, with who is in them, and on the map. Part of the catalogue of `city.errors.ts`. */
export const roomErrors = {
  'city.room_not_found': [
    'not_found',
    'There is no such room, or it is not open to you.',
    'Такої кімнати немає, або вона вам не відкрита.',
  ],
  'city.resident_not_found': [
    'not_found',
    'There is no such resident in the city.',
    'Такого мешканця в місті немає.',
  ],
  'city.slug_taken': [
    'conflict',
    'The address {slug} is already taken by another room.',
    'Адресу {slug} вже має інша кімната.',
  ],
  'city.room_public': [
    'conflict',
    'This room is open to every resident: nobody needs to be let in or out.',
    'Ця кімната відкрита для всіх мешканців: впускати чи виводити нікого не треба.',
  ],
  'city.room_direct': [
    'conflict',
    'A talk keeps the people it began with; it has no settings of a room.',
    'Розмова лишається за тими, з ким почалася; налаштувань кімнати вона не має.',
  ],
  'city.last_owner': [
    'conflict',
    'The room has one owner: hand it over before leaving or stepping down.',
    'У кімнати один власник: передайте її комусь, перш ніж піти чи скласти повноваження.',
  ],
  'city.not_inviter': [
    'forbidden',
    'Only an owner or a moderator of the room may do this.',
    'Це може зробити лише власник або модератор кімнати.',
  ],
  'city.not_member': ['conflict', 'This resident is not in the room.', 'Цього мешканця в кімнаті немає.'],
  'city.agent_role': [
    'conflict',
    'An agent can be a member or a guest of a room, not its owner or moderator.',
    'Агент може бути в кімнаті учасником чи гостем, але не власником і не модератором.',
  ],
  'city.room_archived': [
    'conflict',
    'This room is archived: it can be read, nothing more is said in it.',
    'Ця кімната в архіві: її можна читати, але нового в ній не пишуть.',
  ],
  'city.guest_silent': [
    'forbidden',
    'A guest of this room reads; its members write.',
    'Гість цієї кімнати читає, а пишуть її учасники.',
  ],
  'city.picture_kind': [
    'invalid',
    'A room’s picture is an image file that is open to you.',
    'Картинка кімнати — це файл зображення, відкритий вам.',
  ],
  'city.room_open': [
    'conflict',
    'Every resident enters this room by themselves; who may join is not set.',
    'До цієї кімнати кожен мешканець входить сам; хто може приєднатися, тут не налаштовують.',
  ],
  'city.request_refused': [
    'conflict',
    'The keepers of the room have refused; you can ask again after {when}.',
    'Ті, хто веде кімнату, відмовили; спитати ще раз можна після {when}.',
  ],
  'city.request_not_found': [
    'not_found',
    'There is no such request; somebody may have answered it.',
    'Такого запиту немає; можливо, на нього вже відповіли.',
  ],
  'city.invitation_unknown': [
    'not_found',
    'This link does not work any more. Ask whoever sent it for a new one.',
    'Це посилання вже не діє. Попросіть нове в того, хто його надіслав.',
  ],
  'city.talk_alone': [
    'invalid',
    'A talk is for two to eight: choose somebody besides yourself.',
    'Розмова — для двох і до восьми: виберіть когось, крім себе.',
  ],
  'city.district_not_found': [
    'not_found',
    'There is no such district on the map.',
    'Такого району на мапі немає.',
  ],
  'city.district_last': [
    'conflict',
    'The map keeps at least one district.',
    'На мапі лишається принаймні один район.',
  ],
  'city.place_outside': ['invalid', 'This place lies outside the district.', 'Це місце лежить поза районом.'],
  'city.place_direct': ['conflict', 'A talk has no place on the map.', 'Розмова не має місця на мапі.'],
} as const
