//! Data source names of Go's MySQL driver: `user:password@tcp(host:port)/name?parameters`. Nothing
//! in them is escaped, so the last `@tcp(` ends the password.

use url::Url;

/// Precedes the address of the server.
const ADDRESS: &str = "@tcp(";

/// Converts the name to a URL. Returns `None` if the text has another form.
pub(super) fn url_of(text: &str) -> Option<String> {
    let (account, rest) = text.rsplit_once(ADDRESS)?;
    let (address, rest) = rest.split_once(")/")?;
    let (name, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let (user, password) = match account.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (account, None),
    };
    let mut url = Url::parse(&format!("mysql://{address}/{name}")).ok()?;
    url.set_username(user).ok()?;
    url.set_password(password).ok()?;
    // The other parameters configure how Go reads timestamps and text.
    let tls = parameters
        .split('&')
        .find_map(|parameter| parameter.strip_prefix("tls="));
    let mode = match tls {
        Some("true") => Some("VERIFY_IDENTITY"),
        Some("skip-verify") => Some("REQUIRED"),
        Some("preferred") => Some("PREFERRED"),
        _ => None,
    };
    if let Some(mode) = mode {
        url.query_pairs_mut().append_pair("ssl-mode", mode);
    }
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use super::super::DatabaseUrl;

    #[test]
    fn go_data_source_names_parse_conf_1() {
        for (name, url) in [
            (
                "symbols:pass@tcp(db:3306)/symbols?parseTime=True&loc=Local",
                "mysql://symbols:***@db:3306/symbols",
            ),
            (
                "a b:p@tcp(:/x@tcp(127.0.0.1:3307)/symbols?tls=true",
                "mysql://a%20b:***@127.0.0.1:3307/symbols?ssl-mode=VERIFY_IDENTITY",
            ),
            ("root@tcp(db)/symbols", "mysql://root@db/symbols"),
        ] {
            let parsed: DatabaseUrl = name.parse().unwrap();
            assert_eq!(parsed.to_string(), url);
        }
        for wrong in ["root@tcp(db", "root@tcp()/symbols", "root@tcp(db)/"] {
            assert!(wrong.parse::<DatabaseUrl>().is_err(), "{wrong}");
        }
    }
}
