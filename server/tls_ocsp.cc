// tls_ocsp.cc - checks an OCSP response before clients get to see it.
#include "server/tls_ocsp.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>

#include "common/base/text.h"
#include "server/tls_context.h"

namespace ostler {

namespace {

struct Free {
    void operator()(OCSP_RESPONSE* r) const { OCSP_RESPONSE_free(r); }
    void operator()(OCSP_BASICRESP* r) const { OCSP_BASICRESP_free(r); }
    void operator()(OCSP_CERTID* i) const { OCSP_CERTID_free(i); }
    void operator()(X509_STORE* s) const { X509_STORE_free(s); }
    void operator()(STACK_OF(X509) * s) const { sk_X509_free(s); }
};
template <class T> using Ptr = std::unique_ptr<T, Free>;

/// The certificates behind the leaf, as OpenSSL wants them; they stay the pair's.
Ptr<STACK_OF(X509)> stack_of(const TlsPair& pair)
{
    Ptr<STACK_OF(X509)> stack(sk_X509_new_null());
    for (const X509Ptr& x : pair.chain) sk_X509_push(stack.get(), x.get());
    return stack;
}

bool is_signed_by_issuer(OCSP_BASICRESP* basic, const TlsPair& pair)
{
    const Ptr<X509_STORE> store(X509_STORE_new());
    X509_STORE_add_cert(store.get(), pair.chain.front().get());
    X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
    return OCSP_basic_verify(basic, stack_of(pair).get(), store.get(), 0) == 1;
}

constexpr long clock_tolerance_s = 300;
constexpr std::int64_t without_end_s = 24 * 3600;  // a response that does not say how long

}  // namespace

bool take_ocsp(const std::string& der, std::int64_t now, TlsPair& pair, std::string& why)
{
    const auto fail = [&](std::string reason) {
        why = std::move(reason);
        ERR_clear_error();
        return false;
    };
    if (pair.chain.empty())
        return fail(cat("the issuer's certificate is needed for the check: add it to ",
                        pair.files.certificate));
    const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
    const Ptr<OCSP_RESPONSE> response(
        d2i_OCSP_RESPONSE(nullptr, &bytes, static_cast<long>(der.size())));
    if (!response) return fail("it is no OCSP response in DER");
    const int status = OCSP_response_status(response.get());
    if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
        return fail(cat("it says \"", OCSP_response_status_str(status), '"'));
    const Ptr<OCSP_BASICRESP> basic(OCSP_response_get1_basic(response.get()));
    const Ptr<OCSP_CERTID> id(OCSP_cert_to_id(nullptr, pair.leaf.get(), pair.chain.front().get()));
    if (!basic || !id) return fail("it is no basic OCSP response");
    int state = 0, reason = 0;
    ASN1_GENERALIZEDTIME *revoked = nullptr, *from = nullptr, *until = nullptr;
    if (OCSP_resp_find_status(basic.get(), id.get(), &state, &reason, &revoked, &from, &until) != 1)
        return fail(cat("it is not about ", pair.files.certificate));
    if (state != V_OCSP_CERTSTATUS_GOOD)
        return fail(cat("it says that the certificate is ", OCSP_cert_status_str(state)));
    if (!is_signed_by_issuer(basic.get(), pair))
        return fail("it is not signed by the certificate's issuer");
    const std::int64_t begin = seconds_of(from);
    const std::int64_t end = until ? seconds_of(until) : begin + without_end_s;
    if (begin > now + clock_tolerance_s)
        return fail(cat("it is from the future: ", utc_text(begin)));
    if (now >= end) return fail(cat("it expired on ", utc_text(end), ": fetch a new one"));
    pair.ocsp = der;
    pair.ocsp_until = end;
    return true;
}

}  // namespace ostler
