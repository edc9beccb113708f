use std::net::SocketAddr;

use reqwest::Method;
use serde_json::Value;

/// A client that sends headers and bodies unchanged.
pub(super) struct Caller(reqwest::Client);

#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    /// All `Set-Cookie` headers.
    pub(super) cookies: String,
    pub(super) text: String,
}

impl Response {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }
}

impl Caller {
    pub(super) fn new() -> Self {
        Self(reqwest::Client::new())
    }

    pub(super) async fn send(
        &self,
        address: SocketAddr,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        let method: Method = method.parse().unwrap();
        let mut request = self.0.request(method, format!("http://{address}{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.body(body.to_owned()).send().await.unwrap();
        let cookies = response.headers().get_all("set-cookie").iter();
        Response {
            status: response.status().as_u16(),
            cookies: cookies.filter_map(|cookie| cookie.to_str().ok()).collect(),
            text: response.text().await.unwrap(),
        }
    }

    pub(super) async fn get(&self, address: SocketAddr, path: &str) -> Response {
        self.send(address, "GET", path, &[], "").await
    }
}
