#pragma once
#include <stddef.h>
#include <stdint.h>

// A thin face of OpenSSL's libcrypto: digests by which files are known again. No secret rests on them, so no policy of the machine's that forbids
// one is asked, and none of its settings read.

typedef enum {
    /// 32 bytes, FIPS 180-4.
    REDRAW_SHA256,
    /// 16 bytes, RFC 1321.
    REDRAW_MD5,
} redraw_digest_kind;

#define REDRAW_DIGEST_CAPACITY 32

/// A digest under way.
typedef struct redraw_digest redraw_digest;

/// Null where memory is lacking, or libcrypto was built without this kind.
redraw_digest *redraw_digest_begin(redraw_digest_kind kind);

/// Adds bytes; false where memory is lacking.
int redraw_digest_add(redraw_digest *digest, const void *bytes, size_t count);

/// Writes the digest of all that was added, at most `REDRAW_DIGEST_CAPACITY` bytes; how many, 0 where memory is lacking. Nothing is added after it.
size_t redraw_digest_finish(redraw_digest *digest, uint8_t *target);

void redraw_digest_free(redraw_digest *digest);
