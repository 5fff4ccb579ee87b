"""The official client from the Python package index, unchanged, against the city. Arguments: base URL, key, a recording. Prints what it heard as JSON."""
import json
import sys

from openai import NotFoundError, OpenAI

base_url, api_key, path = sys.argv[1:]
client = OpenAI(base_url=base_url, api_key=api_key, max_retries=0)
told = {}
with open(path, "rb") as file:
    told["text"] = client.audio.transcriptions.create(model="whisper-1", file=file).text
with open(path, "rb") as file:
    verbose = client.audio.transcriptions.create(
        model="whisper-1", file=file, response_format="verbose_json", timestamp_granularities=["segment", "word"]
    )
    told["segments"] = [segment.text for segment in verbose.segments]
    told["words"] = [word.word for word in verbose.words]
with open(path, "rb") as file:
    events = client.audio.transcriptions.create(model="whisper-1", file=file, stream=True)
    told["events"] = [event.type for event in events]
with open(path, "rb") as file:
    told["translation"] = client.audio.translations.create(model="whisper-1", file=file).text
with open(path, "rb") as file:
    try:
        client.audio.transcriptions.create(model="nobody", file=file)
    except NotFoundError as failure:
        told["refused"] = failure.code
speech = client.audio.speech.create(model="tts-1", voice="alloy", input="Добрий день.")
told["speech"] = [speech.response.headers["content-type"], len(speech.content) > 44]
print(json.dumps(told))
