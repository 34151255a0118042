#ifndef RTMANAGER_CLIBCRYPTO_SHIM_H
#define RTMANAGER_CLIBCRYPTO_SHIM_H

// OpenSSL 3 calls the functions of one algorithm deprecated.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

// Digests by the functions of one algorithm. `EVP_Digest` loads OpenSSL's providers first: 2 MiB more memory.

static inline int rtm_sha1(const void *bytes, size_t count, unsigned char *digest) {
    SHA_CTX context;
    return SHA1_Init(&context) && SHA1_Update(&context, bytes, count) && SHA1_Final(digest, &context);
}

static inline int rtm_sha256(const void *bytes, size_t count, unsigned char *digest) {
    SHA256_CTX context;
    return SHA256_Init(&context) && SHA256_Update(&context, bytes, count) && SHA256_Final(digest, &context);
}

#endif
