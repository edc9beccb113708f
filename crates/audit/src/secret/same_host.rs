//! Detects by nearby settings which host a password is for.

/// Maximum distance in lines between settings of one connection.
const MAX_LINES: usize = 40;
/// The last word of a key that names a host or an address: `DB_HOST`, `db.url`.
const PLACES: &[&str] = &[
    "host", "hostname", "addr", "address", "url", "uri", "dsn", "server",
];

/// Whether the settings around a place (a byte of the text) name only this machine: `host:
/// 127.0.0.1` in the same mapping, `DB_HOST=localhost` next to `DB_PASSWORD`. In a Kubernetes
/// manifest this machine is the pod with all of its containers.
#[must_use]
pub fn opens_the_same_machine(text: &str, at: usize) -> bool {
    if text.contains("apiVersion:") {
        return false;
    }
    let before = text.get(..at).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let mut after = text.get(start..).unwrap_or_default().lines();
    let Some(own) = after.next().and_then(Line::of) else {
        return false;
    };
    let above = text.get(..start).unwrap_or_default().lines().rev();
    let together =
        |line: &Option<Line<'_>>| line.as_ref().is_none_or(|line| line.indent >= own.indent);
    let places: Vec<&str> = above
        .take(MAX_LINES)
        .map(Line::of)
        .take_while(together)
        .chain(after.take(MAX_LINES).map(Line::of).take_while(together))
        .flatten()
        .filter(|line| line.indent == own.indent && line.group() == own.group())
        .filter(Line::is_place)
        .map(|line| line.value)
        .collect();
    name_this_machine(&places)
}

/// Whether every host, address and URL of a file of variables is this machine, and there is one:
/// `DATABASE_HOSTNAME=localhost`. Such a file configures a process on the machine of a developer.
#[must_use]
pub fn names_only_this_machine(text: &str) -> bool {
    let places: Vec<&str> = text
        .lines()
        .filter_map(Line::of)
        .filter(|line| line.value.contains("://") || line.is_place())
        .map(|line| line.value)
        .filter(|value| !value.is_empty())
        .collect();
    name_this_machine(&places)
}

fn name_this_machine(places: &[&str]) -> bool {
    !places.is_empty()
        && places
            .iter()
            .all(|place| place.contains("localhost") || place.contains("127.0.0.1"))
}

struct Line<'t> {
    indent: usize,
    key: &'t str,
    value: &'t str,
}

impl<'t> Line<'t> {
    /// Returns a line that sets a value, or `None` for an empty line or a comment.
    fn of(line: &'t str) -> Option<Self> {
        let words = line.trim_start().trim_start_matches("- ");
        if words.is_empty() || words.starts_with('#') {
            return None;
        }
        let indent = line.len() - line.trim_start().len();
        let (key, value) = words.split_once([':', '=']).unwrap_or((words, ""));
        Some(Self {
            indent,
            key: key.trim().trim_matches(['"', '\'']),
            value: value.trim(),
        })
    }

    /// The key without its last word: `MYSQL` of `MYSQL_PASSWORD`.
    fn group(&self) -> &'t str {
        self.key
            .rsplit_once(['.', '_'])
            .map_or("", |(group, _)| group)
    }

    /// Whether the key names a host or an address.
    fn is_place(&self) -> bool {
        let last_word = self.key.rsplit(['.', '_']).next().unwrap_or_default();
        PLACES.contains(&last_word.to_lowercase().as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{names_only_this_machine, opens_the_same_machine};

    fn opens(text: &str) -> bool {
        opens_the_same_machine(text, text.find("weak").unwrap())
    }

    #[test]
    fn host_in_same_mapping_locates_password() {
        assert!(opens(
            "db:\n  host: \"127.0.0.1\"\n  port: 1\n  password: weak\nother:\n  host: far\n"
        ));
        assert!(opens(
            "DB_PASSWORD=weak\n# why\nDB_ADDR=localhost\nMQ_ADDR=mq.internal\n"
        ));
    }

    #[test]
    fn other_host_is_not_this_machine() {
        assert!(!opens("db:\n  host: db\n  password: weak\n"));
        assert!(!opens("db:\n  password: weak\nhttp:\n  host: localhost\n"));
        assert!(!opens("DB_PASSWORD=weak\nMQ_ADDR=localhost\n"));
        assert!(!opens(
            "apiVersion: v1\ndata:\n  DB_HOST: localhost\n  DB_PASSWORD: weak\n"
        ));
    }

    #[test]
    fn every_host_of_file_has_to_be_this_machine() {
        assert!(names_only_this_machine(
            "DB_HOSTNAME=localhost\nAPI_URL=\nAPP_KEY=weak\n"
        ));
        assert!(!names_only_this_machine(
            "DB_HOSTNAME=localhost\nAPI_URL=https://api.shop.org\n"
        ));
        assert!(!names_only_this_machine(
            "DB_HOST=localhost\nPAYMENTS=https://pay.shop.org\n"
        ));
        assert!(!names_only_this_machine("APP_KEY=weak\n"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "[ a-z:=_\\-#\n]{0,80}é?", at in 0_usize..90) {
            let _ = opens_the_same_machine(&text, at);
        }
    }
}
