# SPDX-License-Identifier: MIT
"""Another reader of perigee.vault, written from the description in runtime/net/vault.h alone."""
import ctypes
import ctypes.util
import hashlib
import struct

sodium = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
sodium.sodium_init()


class WrongKey(Exception):
    pass


def master_of(key_file_bytes):
    return hashlib.blake2b(key_file_bytes, digest_size=32).digest()


def master_of_passphrase(raw, passphrase):
    """The master key of this vault by its passphrase (bytes)."""
    opslimit, memlimit = struct.unpack_from("<QQ", raw, 16)
    out = ctypes.create_string_buffer(32)
    if sodium.crypto_pwhash(out, ctypes.c_ulonglong(32), passphrase, ctypes.c_ulonglong(len(passphrase)), raw[32:48],
                            ctypes.c_ulonglong(opslimit), ctypes.c_size_t(memlimit), 2):
        raise MemoryError
    return out.raw


def sub_key(master, number):
    out = ctypes.create_string_buffer(32)
    sodium.crypto_kdf_derive_from_key(out, ctypes.c_size_t(32), ctypes.c_uint64(number), b"perigeeV", master)
    return out.raw


def read_vault(raw, master):
    """{name: (hosts, place, set_at, value)}; WrongKey if it is not this master key's; AssertionError if it is garbled."""
    assert raw[:8] == b"perigeeV" and len(raw) >= 132, "no vault"
    assert hashlib.blake2b(raw[:-32], digest_size=32).digest() == raw[-32:], "torn"
    if sub_key(master, 2)[:16] != raw[48:64]:
        raise WrongKey
    assert hashlib.blake2b(raw[:-64], digest_size=32, key=sub_key(master, 3)).digest() == raw[-64:-32], "forged"
    version, _, _, _ = struct.unpack_from("<IIQQ", raw, 8)
    assert version == 1
    count, = struct.unpack_from("<I", raw, 64)
    at, found = 68, {}

    def text():
        nonlocal at
        size, = struct.unpack_from("<I", raw, at)
        at += 4 + size
        return raw[at - size:at]

    for _ in range(count):
        start = at
        name, hosts, place = text(), text(), text()
        set_at, = struct.unpack_from("<q", raw, at)
        at += 8
        labels, sealed = raw[start:at], text()
        value, size = ctypes.create_string_buffer(len(sealed)), ctypes.c_ulonglong()
        bad = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
            value, ctypes.byref(size), None, sealed[24:], ctypes.c_ulonglong(len(sealed) - 24), labels, ctypes.c_ulonglong(len(labels)),
            sealed[:24], sub_key(master, 1))
        assert not bad, f"{name} can't be unsealed"
        found[name.decode()] = [h for h in hosts.decode().split("\n") if h], place.decode(), set_at, value.raw[:size.value]
    assert at == len(raw) - 64
    return found
