/// How a legacy variable changes a URL that another setting contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlChange {
    /// URLs with the scheme `from` get the scheme `to`. Other URLs stay as they are.
    Scheme {
        /// The scheme, such as `kafka`.
        from: &'static str,
        /// The new scheme, such as `kafkas`.
        to: &'static str,
    },
    /// URLs whose scheme begins with `scheme` get a parameter of the query. The load fails if they
    /// have the parameter with another value. Other URLs stay as they are.
    Parameter {
        /// The beginning of the scheme, such as `postgres`.
        scheme: &'static str,
        /// The name of the parameter, such as `sslmode`.
        name: &'static str,
        /// Its value, such as `verify-full`.
        value: &'static str,
    },
}

impl UrlChange {
    /// Returns the changed URL, or `None` if it stays as it is.
    ///
    /// # Errors
    /// The URL contradicts the change.
    pub(crate) fn apply(self, url: &str) -> Result<Option<String>, String> {
        let Some((own, rest)) = url.split_once("://") else {
            return Ok(None);
        };
        match self {
            Self::Scheme { from, to } => Ok((own == from).then(|| format!("{to}://{rest}"))),
            Self::Parameter { scheme, .. } if !own.starts_with(scheme) => Ok(None),
            Self::Parameter { name, value, .. } => {
                let query = url.split_once('?').map(|(_, query)| query);
                let parameters = query.unwrap_or_default().split('&');
                let mut values =
                    parameters.filter_map(|one| one.strip_prefix(name)?.strip_prefix('='));
                match values.next() {
                    Some(set) if set == value => Ok(None),
                    Some(_) => Err(format!("the URL has another {name}: remove one of them")),
                    None => {
                        let separator = if query.is_some() { '&' } else { '?' };
                        Ok(Some(format!("{url}{separator}{name}={value}")))
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameter_is_added_to_urls_of_its_scheme_once_conf_1() {
        let change = UrlChange::Parameter {
            scheme: "postgres",
            name: "sslmode",
            value: "verify-full",
        };
        for (url, changed) in [
            (
                "postgres://db/a",
                Some("postgres://db/a?sslmode=verify-full"),
            ),
            (
                "postgresql://db/a?user=b",
                Some("postgresql://db/a?user=b&sslmode=verify-full"),
            ),
            ("postgres://db/a?sslmode=verify-full", None),
            ("mysql://db/a", None),
            ("sqlite:a.db", None),
        ] {
            assert_eq!(change.apply(url), Ok(changed.map(str::to_owned)), "{url}");
        }
        assert!(change.apply("postgres://db/a?sslmode=disable").is_err());
    }

    #[test]
    fn scheme_of_other_urls_stays_conf_1() {
        let change = UrlChange::Scheme {
            from: "kafka",
            to: "kafkas",
        };
        assert_eq!(change.apply("kafka://a"), Ok(Some("kafkas://a".to_owned())));
        assert_eq!(change.apply("amqp://a"), Ok(None));
    }
}
