use std::{
    future::poll_fn,
    pin::Pin,
    time::{Duration, Instant},
};

use http::{Method, Uri, header::HOST};
use http_body::Body as _;
use seaworthy_client::{ClientError, HttpClient, HttpResponse};
use seaworthy_core::{Timeout, context, error_chain};
use tokio::runtime::Handle;

use crate::runtime::Caller;

/// Sends requests of a plugin to the hosts that the operator lists.
#[derive(Debug, Clone)]
pub(crate) struct HttpAccess {
    client: HttpClient,
    hosts: Vec<String>,
    runtime: Handle,
}

/// A response for a plugin.
pub(crate) struct HttpResult {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl HttpAccess {
    pub(crate) fn new(client: HttpClient, hosts: Vec<String>, runtime: Handle) -> Self {
        Self {
            client,
            hosts,
            runtime,
        }
    }

    /// Sends a request and blocks the thread until the response, `deadline`, or until `caller`
    /// leaves. The response body has at most `max_body` bytes.
    ///
    /// # Errors
    /// The request is not valid, the host is not granted, the request fails, the response is too
    /// large, the caller leaves, or the deadline passes. The text is for the plugin.
    pub(crate) fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(String, String)],
        body: Vec<u8>,
        (deadline, caller): (Instant, &Caller),
        max_body: usize,
    ) -> Result<HttpResult, String> {
        let method: Method = method
            .parse()
            .map_err(|_| format!("\"{method}\" is not a valid method"))?;
        let parsed: Uri = url
            .parse()
            .map_err(|_| "the URL is not valid: use an absolute URL".to_owned())?;
        if !self.is_granted(&parsed) {
            return Err("the host is not granted: list it in http_hosts".to_owned());
        }
        // A server may serve other sites at the same address.
        if headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(HOST.as_str()))
        {
            return Err("the header \"host\" follows the URL: remove it".to_owned());
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok(timeout) = Timeout::try_from(left) else {
            return Err("the deadline of the call has passed".to_owned());
        };
        let mut request = self
            .client
            .request(method, url)
            .without_redirects()
            .timeout(timeout)
            .body(body);
        for (name, value) in headers {
            request = request.header(name.as_str(), value.as_str());
        }
        let call = async move {
            let response = request.send().await.map_err(|error| text(&error))?;
            let status = response.status().as_u16();
            let body = read(response, max_body).await?;
            Ok(HttpResult { status, body })
        };
        let left = left.max(Duration::from_millis(1));
        let caller = caller.clone();
        let call = async move {
            tokio::select! {
                ended = tokio::time::timeout(left, call) => ended,
                () = caller.left() => Ok(Err("the caller stopped waiting".to_owned())),
            }
        };
        // In a task, because threads that the request starts inherit the priority of their creator.
        let task = match context::current() {
            Some(context) => self.runtime.spawn(context::scope(context, call)),
            None => self.runtime.spawn(call),
        };
        // Guests with this capability do not occupy workers of the runtime.
        match self.runtime.block_on(task) {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err("the deadline of the call has passed".to_owned()),
            Err(_) => Err("the service stops".to_owned()),
        }
    }

    /// Returns true if the operator lists the host of the URL, or this host and port.
    fn is_granted(&self, url: &Uri) -> bool {
        let Some(host) = url.host() else {
            return false;
        };
        let port = url.port_u16().or(match url.scheme_str() {
            Some("http") => Some(80),
            Some("https") => Some(443),
            _ => None,
        });
        let with_port = port.map(|port| format!("{host}:{port}"));
        let mut hosts = self.hosts.iter();
        hosts.any(|granted| {
            granted.eq_ignore_ascii_case(host)
                || with_port
                    .as_ref()
                    .is_some_and(|both| granted.eq_ignore_ascii_case(both))
        })
    }
}

/// Reads a body of at most `max` bytes. Does not read the rest of a longer one.
///
/// # Errors
/// The body is longer, or the connection fails.
async fn read(response: HttpResponse, max: usize) -> Result<Vec<u8>, String> {
    let mut body = response.into_http().into_body();
    let too_large = || format!("the response has more than {max} bytes");
    if body.size_hint().lower() > u64::try_from(max).unwrap_or(u64::MAX) {
        return Err(too_large());
    }
    let mut whole = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(data) = frame.map_err(|error| text(&error))?.into_data() else {
            continue;
        };
        if data.len() > max - whole.len() {
            return Err(too_large());
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole)
}

/// Returns the text of an error for the plugin.
fn text(error: &ClientError) -> String {
    error_chain(error).to_string()
}
