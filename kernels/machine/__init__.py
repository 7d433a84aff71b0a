"""The machine under the kernels: the decorator, the cache of compiled code, vector loads, subkeys."""
