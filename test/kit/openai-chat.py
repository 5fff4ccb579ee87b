"""The official client from the Python package index, unchanged, against the door to language models. Arguments: base URL, key. Prints what it was told as JSON."""
import json
import sys

from openai import NotFoundError, OpenAI

base_url, api_key = sys.argv[1:]
client = OpenAI(base_url=base_url, api_key=api_key, max_retries=0)
messages = [{"role": "user", "content": "say it back"}]
told = {}
told["whole"] = client.chat.completions.create(model="city", messages=messages).choices[0].message.content
chunks = list(client.chat.completions.create(model="city", messages=messages, stream=True, stream_options={"include_usage": True}))
told["streamed"] = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
told["usage"] = chunks[-1].usage.completion_tokens
told["response"] = client.responses.create(model="city", input="say it back").output_text
with client.responses.stream(model="city", input="say it back") as stream:
    told["events"] = [event.type for event in stream]
    told["final"] = stream.get_final_response().output_text
told["vector"] = len(client.embeddings.create(model="city", input="слово").data[0].embedding)
try:
    client.chat.completions.create(model="nobody", messages=messages)
except NotFoundError as failure:
    told["refused"] = failure.code
print(json.dumps(told))
