use http::{
    HeaderValue, StatusCode,
    header::{ETAG, IF_NONE_MATCH},
};
use parking_lot::Mutex;
use seaworthy_client::HttpClient;

use super::Failure;

/// The name of the client in the settings.
pub(super) const CLIENT: &str = "flags";

/// A document over HTTP.
pub(super) struct HttpSource {
    client: HttpClient,
    path: String,
    tag: Mutex<Option<HeaderValue>>,
}

impl HttpSource {
    pub(super) fn new(client: HttpClient, path: &str) -> Self {
        Self {
            client,
            path: path.to_owned(),
            tag: Mutex::default(),
        }
    }

    /// Returns the document. `None` if it has not changed.
    pub(super) async fn fetch(&self) -> Result<Option<String>, Failure> {
        let mut request = self.client.get(self.path.as_str());
        let tag = self.tag.lock().clone();
        if let Some(tag) = tag {
            request = request.header(IF_NONE_MATCH, tag);
        }
        let response = request.send().await?;
        if response.status() == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        let response = response.success()?;
        let tag = response.headers().get(ETAG).cloned();
        let text = response.text().await?;
        *self.tag.lock() = tag;
        Ok(Some(text))
    }
}
