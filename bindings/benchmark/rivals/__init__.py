"""Libraries that compute one of the things the pass computes, from the same text, each by its fastest documented call.

Optional: ``pip install 'gauger[bench]'``. Each is imported when its turn comes, never before.
"""
