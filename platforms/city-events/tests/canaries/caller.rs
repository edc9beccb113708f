use std::net::SocketAddr;

use reqwest::Method;
use serde_json::Value;

/// Whoever asks the platform something, with headers and bodies as they are.
pub(crate) struct Caller(reqwest::Client);

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) cookie: String,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }
}

impl Caller {
    pub(crate) fn new() -> Self {
        Self(reqwest::Client::new())
    }

    pub(crate) async fn send(
        &self,
        address: SocketAddr,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let method: Method = method.parse().unwrap();
        let mut request = self.0.request(method, format!("http://{address}{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.body(body.to_owned()).send().await.unwrap();
        let cookies = answer.headers().get_all("set-cookie").iter();
        let cookie = cookies.filter_map(|cookie| cookie.to_str().ok()).collect();
        Answer {
            status: answer.status().as_u16(),
            cookie,
            text: answer.text().await.unwrap(),
        }
    }

    pub(crate) async fn get(&self, address: SocketAddr, path: &str) -> Answer {
        self.send(address, "GET", path, &[], "").await
    }
}
