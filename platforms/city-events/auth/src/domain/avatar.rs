use uuid::Uuid;

/// The picture of a user, identified by its upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Avatar(pub(crate) Uuid);

impl Avatar {
    /// Returns the picture of a URL: the last segment of its path that is `ID` or `ID_SIZE.jpg`.
    /// An ID has hyphens, because the path of another picture may have a hash of the same length.
    pub(crate) fn of_url(url: &str) -> Option<Self> {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let sized = |segment: &str| {
            let (id, size) = segment.strip_suffix(".jpg")?.rsplit_once('_')?;
            let is_size = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit());
            is_size.then(|| hyphenated(id)).flatten()
        };
        let id = |segment: &str| hyphenated(segment).or_else(|| sized(segment));
        path.rsplit('/').find_map(id).map(Self)
    }

    /// Returns the URL of the picture.
    pub(crate) fn url(self, base: &str) -> String {
        let base = base.trim_end_matches('/');
        format!("{base}/derived/avatar/{}_512.jpg", self.0.hyphenated())
    }
}

fn hyphenated(text: &str) -> Option<Uuid> {
    let has_length = text.len() == uuid::fmt::Hyphenated::LENGTH;
    has_length.then(|| Uuid::try_parse(text).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";

    #[test]
    fn avatar_url_parses_and_prints_its_id_api_1() {
        let parse = |url: &str| Avatar::of_url(url).map(|avatar| avatar.0.to_string());
        for url in [
            ID.to_owned(),
            format!("https://cdn.example.org/avatars/{ID}"),
            format!("/derived/avatar/{ID}_512.jpg"),
            format!("/derived/avatar/{ID}_800.jpg?v=1"),
            // The URL that the legacy service prints.
            format!("/avatars/{ID}/512.webp"),
            format!("/avatars/00000000-0000-4000-8000-000000000000/{ID}"),
        ] {
            assert_eq!(parse(&url).as_deref(), Some(ID), "{url}");
        }
        for url in [
            "https://example.org/me.png",
            "https://example.org/0123456789abcdef0123456789abcdef/me.png",
            "/",
            &format!("{ID}_.jpg"),
            &format!("/avatars/x{ID}/512.webp"),
        ] {
            assert_eq!(parse(url), None, "{url}");
        }
        let avatar = Avatar::of_url(ID).unwrap();
        let printed = avatar.url("https://cdn.example.org/");
        assert_eq!(
            printed,
            format!("https://cdn.example.org/derived/avatar/{ID}_512.jpg")
        );
        assert_eq!(Avatar::of_url(&printed), Some(avatar));
    }
}
