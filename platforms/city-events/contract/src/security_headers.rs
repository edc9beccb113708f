use seaworthy::prelude::Service;

/// Sets the security headers of the contract. `opener_policy` is the value of
/// `Cross-Origin-Opener-Policy`.
#[must_use]
pub fn with_security_headers(service: Service, opener_policy: &'static str) -> Service {
    const CONTENT: &str =
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    const PERMISSIONS: &str =
        "geolocation=(), microphone=(), camera=(), payment=(), usb=(), bluetooth=()";
    service
        // Pages and scripts have policies of their own.
        .default_value(
            "server.http.security_headers.content_security_policy",
            CONTENT,
        )
        .default_value(
            "server.http.security_headers.cross_origin_opener_policy",
            opener_policy,
        )
        .default_value(
            "server.http.security_headers.cross_origin_resource_policy",
            "same-site",
        )
        .default_value(
            "server.http.security_headers.permissions_policy",
            PERMISSIONS,
        )
        .default_value(
            "server.http.security_headers.xss_protection",
            "1; mode=block",
        )
        .default_value(
            "server.http.security_headers.strict_transport_security_subdomains",
            true,
        )
        // Browsers ignore the header without TLS, so responses always have it.
        .default_value("server.http.security_headers.behind_tls_proxy", true)
}
