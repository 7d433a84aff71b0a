"""Where each subkey sits in the key array every kernel takes.

The array is uint64[KEY_WORDS], derived from one 128-bit secret by the engine. Words are hashed with SipHash under
``WORD``; everything built from word hashes is a function of secret values and only needs a strong mix, whose odd
multipliers are secret too. An attacker who reads this code but not the key cannot aim at a register.
"""

from __future__ import annotations

WORD = 0  # two words: SipHash key of words
PROMPT = 2  # two words: SipHash key of whole normalised prompts
TOKEN_ID = 4  # two words: SipHash key of token ids
STRING = 6  # two words: SipHash key of account ids, addresses and other metadata
SHINGLE = 8  # three multipliers and a mixer
SIGNATURE = 12  # round multiplier and mixer of MinHash
GRAM = 14  # five multipliers and a mixer of frame grams
SENTINEL = 20  # tokens before the first and after the last
NUMBER = 22  # the token every run of digits becomes in a frame
CHARACTERS = 23  # character 4-grams of the kernel mean
SPEECH = 24  # tags and tag pairs of the kernel mean
PUNCTUATION = 25  # punctuation tokens of a frame: mixed with the byte
REGISTER = 26  # HyperLogLog re-hash
COLUMN = 27  # count-min columns, one multiplier a row, up to four
SPEECH_MIX = 32  # mixer of the tags
CONTENT = 33  # content words of the kernel mean
KEY_WORDS = 40
# What the 656 features of a call depend on, and only sketches of words beside them: providers that want to compare
# features hold these in common, and no other subkey.
OF_FEATURES = (WORD, WORD + 1, TOKEN_ID, TOKEN_ID + 1, CHARACTERS, SPEECH, SPEECH_MIX, CONTENT)
