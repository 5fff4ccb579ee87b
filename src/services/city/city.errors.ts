import { catalogue } from '../../kernel/errors.ts'

/** What can go wrong in rooms, messages, files and on the live socket. */
export const cityError = catalogue({
  'city.room_not_found': [
    'not_found',
    'There is no such room, or it is not open to you.',
    'Такої кімнати немає, або вона вам не відкрита.',
  ],
  'city.message_not_found': [
    'not_found',
    'There is no such message in this room.',
    'Такого повідомлення в цій кімнаті немає.',
  ],
  'city.part_not_found': [
    'not_found',
    'This message has no such attachment.',
    'У цього повідомлення немає такого вкладення.',
  ],
  'city.file_not_found': [
    'not_found',
    'There is no such file, or it is not open to you.',
    'Такого файлу немає, або він вам не відкритий.',
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
    'This room is for two; who is in it does not change.',
    'Ця кімната для двох, її склад не змінюється.',
  ],
  'city.last_owner': [
    'conflict',
    'The only owner cannot leave the room.',
    'Єдиний власник не може покинути кімнату.',
  ],
  'city.message_empty': [
    'invalid',
    'The message is empty. Write something or attach a file.',
    'Повідомлення порожнє. Напишіть щось або додайте файл.',
  ],
  'city.text_too_long': [
    'too_large',
    'The text has {length} characters, the limit is {limit}.',
    'У тексті {length} знаків, а можна до {limit}.',
  ],
  'city.text_invalid': [
    'invalid',
    'The text holds characters that cannot be stored.',
    'У тексті є знаки, яких неможливо зберегти.',
  ],
  'city.client_id_conflict': [
    'conflict',
    'Another message was already sent under this clientId.',
    'Під цим clientId вже надіслано інше повідомлення.',
  ],
  'city.reply_not_found': [
    'invalid',
    'The message you reply to is not in this room.',
    'Повідомлення, на яке ви відповідаєте, немає в цій кімнаті.',
  ],
  'city.part_file': [
    'invalid',
    'Attachment {index}: there is no such file, or it is not open to you.',
    'Вкладення {index}: такого файлу немає, або він вам не відкритий.',
  ],
  'city.part_type': [
    'unsupported',
    'Attachment {index} is {mime}: it cannot be sent as {type}.',
    'Вкладення {index} має вид {mime}: надіслати його як {type} неможливо.',
  ],
  'city.not_author': [
    'forbidden',
    'Only the author of the message may do this.',
    'Це може зробити лише автор повідомлення.',
  ],
  'city.not_manager': [
    'forbidden',
    'Only an owner of the room may do this.',
    'Це може зробити лише власник кімнати.',
  ],
  'city.part_not_done': [
    'conflict',
    'There is nothing to correct here yet.',
    'Тут ще немає чого виправляти.',
  ],
  'city.part_not_failed': [
    'conflict',
    'This attachment did not fail: there is nothing to try again.',
    'З цим вкладенням усе гаразд: повторювати нічого.',
  ],
  'city.run_not_failed': [
    'conflict',
    'No run of this message failed or was cancelled.',
    'Жоден запуск цього повідомлення не зазнав невдачі й не був скасований.',
  ],
  'city.engine_absent': [
    'unavailable',
    'This city runs without the service that reads {type} attachments.',
    'У цьому місті немає служби, що читає вкладення виду {type}.',
  ],
  'city.answer_empty': [
    'upstream',
    'The agent finished without a word.',
    'Агент закінчив, не сказавши ні слова.',
  ],
  'city.upload_missing': [
    'invalid',
    'No file came. Send it as the multipart field "file".',
    'Файл не надійшов. Надішліть його в полі multipart «file».',
  ],
  'city.upload_many': ['invalid', 'One upload carries one file.', 'Одне завантаження несе один файл.'],
  'city.upload_not_multipart': [
    'unsupported',
    'A file is uploaded as multipart/form-data.',
    'Файл завантажують як multipart/form-data.',
  ],
  'city.upload_broken': [
    'invalid',
    'The upload broke off before its end. Nothing was kept.',
    'Завантаження обірвалося. Нічого не збережено.',
  ],
  'city.quota_exceeded': [
    'too_large',
    'Your files would take {usedMb} MB, the limit is {limitMb} MB.',
    'Ваші файли зайняли б {usedMb} МБ, а можна до {limitMb} МБ.',
  ],
  'city.range_invalid': [
    'invalid',
    'The file has {sizeBytes} bytes; this range lies outside it.',
    'У файлі {sizeBytes} байтів; такого проміжку в ньому немає.',
  ],
  'city.no_thumbnail': [
    'unsupported',
    'This file is not a picture: it has no small view.',
    'Цей файл не зображення: зменшеного вигляду він не має.',
  ],
  'city.frame_invalid': [
    'invalid',
    'The frame cannot be understood: {detail}',
    'Кадр неможливо зрозуміти: {detail}',
  ],
  'city.too_many_rooms': [
    'rate_limited',
    'One connection follows at most {limit} rooms.',
    'Одне з’єднання стежить щонайбільше за {limit} кімнатами.',
  ],
})
