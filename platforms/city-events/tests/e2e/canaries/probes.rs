use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::traffic::{TRACE, Traffic};

impl Traffic<'_> {
    /// Sends canaries in headers, queries, paths and bodies to every service.
    pub(super) async fn probe_all_services(&mut self, access: &str) {
        let token = self
            .canaries
            .secret("an unknown token", "braunkehlchenblaukehlchen");
        let key = self
            .canaries
            .secret("an API key", "steinschmaetzerheckenbraunelle");
        let ip = self.canaries.personal("an IPv4 address", "203.0.113.177");
        let ip_6 = self
            .canaries
            .personal("an IPv6 address", "2001:db8:17:4::77");
        let email = self.email.clone();
        let bearer = format!("Bearer {token}");
        let basic = format!(
            "Basic {}",
            BASE64_STANDARD.encode(format!("{email}:{token}"))
        );
        let jwt = format!("Bearer {access}x");
        let agent = format!("crawler (+mailto:{email})");
        let agent_with_ip = format!("crawler at {ip} and [{ip_6}]:443");
        let states = [
            format!("shop={email}"),
            format!("shop=1,login=Bearer {token}"),
            format!("at={ip}"),
        ];
        for (_, addresses) in self.platform.services() {
            for headers in [
                [("authorization", bearer.as_str()), ("x-api-key", &key)],
                [("authorization", &basic), ("user-agent", &agent)],
                [("authorization", &jwt), ("x-request-id", &email)],
                [("x-internal-secret", &token), ("baggage", &email)],
                [("proxy-authorization", &basic), ("x-forwarded-for", &email)],
                [("traceparent", TRACE), ("tracestate", &states[0])],
                [("traceparent", TRACE), ("tracestate", &states[1])],
                [("traceparent", TRACE), ("tracestate", &states[2])],
                [("x-forwarded-for", &ip), ("user-agent", &agent_with_ip)],
                [("x-forwarded-for", &ip_6), ("x-request-id", &ip)],
                [
                    ("cookie", &token),
                    ("referer", &format!("http://x.example/?token={token}")),
                ],
            ] {
                for path in [
                    "/auth/v1/me".to_owned(),
                    "/event/v1/organizer/events".to_owned(),
                    "/api/me/joins".to_owned(),
                    "/internal/users/7".to_owned(),
                    format!("/nowhere/{email}"),
                    format!("/nowhere/{ip}"),
                    format!("/api/events?from={ip},{ip_6}"),
                    format!("/api/events/{access}/view"),
                    format!("/event/v1/events/{email}"),
                    format!("/api/events?q={email}&token={token}"),
                    format!("/?email={email}&password={token}&api_key={key}"),
                    format!(
                        "/event/v1/events?access_token={access}&next=https://me:{token}@x.example/"
                    ),
                    format!("/verify-email?token={token}"),
                    format!("/reset-password?token={token}"),
                    format!("/verify?token={token}"),
                    format!("/api/auth/oauth/google/callback?code={token}&state={key}"),
                    format!("/auth/v1/password/reset/validate?token={token}"),
                    format!("/api/auth/password/reset/validate?token={token}"),
                ] {
                    self.caller
                        .send(addresses.http, "GET", &path, &headers, "")
                        .await;
                }
            }
            let form = format!("password={token}&email={email}");
            for path in ["/api/events", "/auth/v1/login", "/event/v1/events/batch"] {
                self.caller
                    .send(addresses.http, "POST", path, &[], &form)
                    .await;
            }
        }
    }
}
