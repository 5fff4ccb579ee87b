"""reciter.py TARGET WORD…: writes a GGUF of a language model that says these words after any prompt, one token each, then ends.

Its one layer adds nothing; the last matrix leads from each word to the next, and from anything else to the first."""
import sys
import numpy as np
from gguf import GGUFWriter, TokenType

target, words = sys.argv[1], sys.argv[2:]
tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)] + words
kinds = [TokenType.UNKNOWN, TokenType.CONTROL, TokenType.CONTROL] + [TokenType.BYTE] * 256 + [TokenType.NORMAL] * len(words)
size, width, heads = len(tokens), 512, 8
first = 259
assert len(set(tokens)) == size < width - 1

embed = np.zeros((size, width), np.float32)
for i in range(size):
    embed[i, i] = 1
embed[:, width - 1] = 1
out = np.zeros((size, width), np.float32)
chain = [first + i for i in range(len(words))] + [2]
for at, then in zip(chain, chain[1:]):
    out[then, at] = 4
out[first, :first] = 4
# Where a grammar leaves no word of ours, what closes a value comes first.
for byte, weight in ((b'"', 0.3), (b"}", 0.2), (b"]", 0.15)):
    out[3 + byte[0], width - 1] = weight

w = GGUFWriter(target, "llama")
w.add_name("reciter")
w.add_context_length(4096)
w.add_embedding_length(width)
w.add_block_count(1)
w.add_feed_forward_length(32)
w.add_head_count(heads)
w.add_head_count_kv(heads)
w.add_layer_norm_rms_eps(1e-5)
w.add_rope_dimension_count(width // heads)
w.add_vocab_size(size)
w.add_tokenizer_model("llama")
w.add_token_list(tokens)
w.add_token_scores([0.0] * size)
w.add_token_types(kinds)
w.add_bos_token_id(1)
w.add_eos_token_id(2)
w.add_unk_token_id(0)
w.add_chat_template("{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}assistant:")
zeros = lambda *shape: np.zeros(shape, np.float32)
w.add_tensor("token_embd.weight", embed)
w.add_tensor("output_norm.weight", np.ones(width, np.float32))
w.add_tensor("output.weight", out)
for name, data in {
    "attn_norm": np.ones(width, np.float32), "attn_q": zeros(width, width), "attn_k": zeros(width, width),
    "attn_v": zeros(width, width), "attn_output": zeros(width, width), "ffn_norm": np.ones(width, np.float32),
    "ffn_gate": zeros(32, width), "ffn_up": zeros(32, width), "ffn_down": zeros(width, 32),
}.items():
    w.add_tensor(f"blk.0.{name}.weight", data)
w.write_header_to_file(); w.write_kv_data_to_file(); w.write_tensors_to_file(); w.close()
