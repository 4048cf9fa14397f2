#include "CCrypto.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MD *kinds[2];

// A context of our own: the machine's may be told to know nothing but what a policy permits. Its settings would be read all the same, with the
// first digest. And what OpenSSL puts in order when a process ends, other threads may still be using.
static void fetch(void) {
    if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL) != 1) return;
    OSSL_LIB_CTX *library = OSSL_LIB_CTX_new();
    if (library == NULL) return;
    kinds[REDRAW_SHA256] = EVP_MD_fetch(library, "SHA256", NULL);
    kinds[REDRAW_MD5] = EVP_MD_fetch(library, "MD5", NULL);
}

redraw_digest *redraw_digest_begin(redraw_digest_kind kind) {
    pthread_once(&once, fetch);
    if (kinds[kind] == NULL) return NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context != NULL && EVP_DigestInit_ex2(context, kinds[kind], NULL) != 1) {
        EVP_MD_CTX_free(context);
        context = NULL;
    }
    return (redraw_digest *)context;
}

int redraw_digest_add(redraw_digest *digest, const void *bytes, size_t count) {
    return count == 0 || EVP_DigestUpdate((EVP_MD_CTX *)digest, bytes, count) == 1;
}

size_t redraw_digest_finish(redraw_digest *digest, uint8_t *target) {
    unsigned int written = 0;
    return EVP_DigestFinal_ex((EVP_MD_CTX *)digest, target, &written) == 1 ? written : 0;
}

void redraw_digest_free(redraw_digest *digest) { EVP_MD_CTX_free((EVP_MD_CTX *)digest); }
