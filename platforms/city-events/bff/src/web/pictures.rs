use seaworthy::prelude::StartError;
use url::Url;

/// The base URL of event pictures.
#[derive(Debug, Clone)]
pub(super) struct Pictures(Url);

impl Pictures {
    /// Parses `pictures_url`.
    ///
    /// # Errors
    /// [`StartError`] if the text is not an HTTP URL of a host, or has credentials, a query or a
    /// fragment. A text that is not a URL could add directives to the content security policy.
    pub(super) fn parse(text: &str) -> Result<Self, StartError> {
        let url = Url::parse(text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        });
        url.map(Self).ok_or_else(|| {
            StartError::new(
                "pictures_url is not a URL such as https://cdn.example.org: use http or https, a host and at most a path",
            )
        })
    }

    /// Returns the origin for the content security policy.
    pub(super) fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Returns the URL of a cover. The ID is one path segment whatever it contains.
    pub(super) fn cover(&self, id: &str, size: u16) -> Url {
        let mut url = self.0.clone();
        let file = format!("{id}_{size}.jpg");
        // Only URLs without a host have no segments, and `parse` refuses those.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments
                .pop_if_empty()
                .extend(["derived", "event_cover", &file]);
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_cover_ids_in_one_segment_sec_4() {
        for base in ["https://cdn.example.org/p", "https://cdn.example.org/p/"] {
            let pictures = Pictures::parse(base).unwrap();
            assert_eq!(pictures.origin(), "https://cdn.example.org");
            assert_eq!(
                pictures.cover("a-1", 800).as_str(),
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
                let cover = pictures.cover(hostile, 800);
                assert_eq!(cover.origin(), pictures.0.origin(), "{hostile}");
                assert_eq!((cover.query(), cover.fragment()), (None, None), "{hostile}");
                let folders: Vec<_> = cover.path_segments().unwrap().take(3).collect();
                assert_eq!(folders, ["p", "derived", "event_cover"], "{hostile}");
                assert_eq!(cover.path_segments().unwrap().count(), 4, "{hostile}");
            }
        }
    }

    #[test]
    fn refuses_text_that_adds_policy_directives_sec_4() {
        for text in [
            "",
            "cdn.example.org",
            "data:image/png,x",
            "javascript:alert(1)",
            "https://a:b@cdn.example.org",
            "https://cdn.example.org/?x",
            "https://cdn.example.org; script-src *",
        ] {
            assert!(Pictures::parse(text).is_err(), "{text}");
        }
    }
}
