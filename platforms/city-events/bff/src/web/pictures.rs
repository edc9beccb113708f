use seaworthy::prelude::StartError;
use url::Url;

/// The addresses of pictures.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pictures {
    /// The base URL of derived pictures.
    shown: Option<Url>,
    /// The address that accepts files.
    sent: Option<Url>,
}

impl Pictures {
    /// Parses `pictures_url` and `uploads_url`.
    ///
    /// # Errors
    /// [`StartError`] if a text is not an HTTP URL of a host, or has credentials, a query or a
    /// fragment. A text that is not a URL could add directives to the content security policy.
    pub(crate) fn new(shown: Option<&str>, sent: Option<&str>) -> Result<Self, StartError> {
        Ok(Self {
            shown: shown.map(|text| parse("pictures_url", text)).transpose()?,
            sent: sent.map(|text| parse("uploads_url", text)).transpose()?,
        })
    }

    /// Returns the origins of pictures and of uploads for the content security policy.
    pub(super) fn origins(&self) -> (String, String) {
        let origin = |url: &Option<Url>| {
            let url = url.as_ref();
            url.map(|url| url.origin().ascii_serialization())
                .unwrap_or_default()
        };
        (origin(&self.shown), origin(&self.sent))
    }

    /// Whether pages offer uploads.
    pub(super) fn accepts_uploads(&self) -> bool {
        self.shown.is_some() && self.sent.is_some()
    }

    /// Returns the URL of a cover. The ID is always one path segment.
    pub(super) fn cover(&self, id: &str, size: u16) -> Option<Url> {
        let mut url = self.shown.clone()?;
        let file = format!("{id}_{size}.jpg");
        // Only URLs without a host have no segments, and `parse` rejects those.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments
                .pop_if_empty()
                .extend(["derived", "event_cover", &file]);
        }
        Some(url)
    }
}

fn parse(name: &str, text: &str) -> Result<Url, StartError> {
    let url = Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    url.ok_or_else(|| {
        StartError::new(format!(
            "{name} is not a URL such as https://cdn.example.org: use http or https, a host and at most a path"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_cover_ids_in_one_segment_sec_4() {
        for base in ["https://cdn.example.org/p", "https://cdn.example.org/p/"] {
            let pictures = Pictures::new(Some(base), None).unwrap();
            assert_eq!(pictures.origins().0, "https://cdn.example.org");
            assert_eq!(
                pictures.cover("a-1", 800).unwrap().as_str(),
                "https://cdn.example.org/p/derived/event_cover/a-1_800.jpg"
            );
            for hostile in [
                "../../x",
                "..\\x",
                "//evil.example/",
                "x?y#z",
                "\t/\n",
                "%2e%2e/",
            ] {
                let cover = pictures.cover(hostile, 800).unwrap();
                assert_eq!(cover.origin().ascii_serialization(), pictures.origins().0);
                assert_eq!((cover.query(), cover.fragment()), (None, None), "{hostile}");
                let folders: Vec<_> = cover.path_segments().unwrap().take(3).collect();
                assert_eq!(folders, ["p", "derived", "event_cover"], "{hostile}");
                assert_eq!(cover.path_segments().unwrap().count(), 4, "{hostile}");
            }
        }
    }

    #[test]
    fn rejects_text_that_adds_policy_directives_sec_4() {
        for text in [
            "",
            "cdn.example.org",
            "data:image/png,x",
            "javascript:alert(1)",
            "https://a:b@cdn.example.org",
            "https://cdn.example.org/?x",
            "https://cdn.example.org; script-src *",
        ] {
            assert!(Pictures::new(Some(text), None).is_err(), "{text}");
            assert!(Pictures::new(None, Some(text)).is_err(), "{text}");
        }
    }
}
