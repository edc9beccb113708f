use crate::Engine;

/// The syntax of an engine for placeholders, strings, quoted names and comments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect(pub(crate) Engine);

/// A statement in the syntax of an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rewritten {
    pub(crate) text: String,
    /// The number of placeholders. A list counts as one and rows count as none.
    pub(crate) places: usize,
    /// Whether a placeholder is a list, whose length is part of the text.
    pub(crate) has_lists: bool,
    /// The number of placeholders of a row, if the statement has a repeated row.
    pub(crate) row_places: Option<usize>,
    /// The first word, such as `SELECT`.
    pub(crate) operation: String,
    /// The first table in the statement.
    pub(crate) collection: Option<String>,
}

/// The placeholder of the time of the database in microseconds since 1970.
const NOW: &str = "{now_us}";

/// The numbers of values of lists and rows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Lengths<'a> {
    /// The length of each `?*`, in order.
    pub(crate) lists: &'a [usize],
    /// The number of rows of `(…)**`.
    pub(crate) rows: usize,
}

/// Rewrites the placeholders outside of strings, names and comments. `??` becomes a question mark
/// and `?*` a list. The parentheses before `**` are repeated for each row. `{now_us}` becomes the
/// clock of the engine.
///
/// Strings and comments follow the rules of each engine. PostgreSQL has dollar quotes, `E''` and
/// nested comments, MySQL backticks and `#`, SQLite backticks and brackets. A backslash of MySQL is
/// a plain character, because every connection sets `NO_BACKSLASH_ESCAPES`.
pub(crate) fn rewrite(sql: &str, dialect: Dialect, lengths: Lengths<'_>) -> Rewritten {
    let mut writer = Writer {
        dialect,
        lists: lengths.lists.iter().copied(),
        rows: lengths.rows,
        text: String::with_capacity(sql.len() + 16),
        places: 0,
        sent: 0,
        has_lists: false,
        row_places: None,
        words: Keywords::default(),
    };
    writer.write(sql);
    writer.words.next(' ');
    Rewritten {
        text: writer.text,
        places: writer.places,
        has_lists: writer.has_lists,
        row_places: writer.row_places,
        operation: writer.words.operation,
        collection: writer.words.collection,
    }
}

struct Writer<Lists> {
    dialect: Dialect,
    lists: Lists,
    rows: usize,
    text: String,
    places: usize,
    sent: usize,
    has_lists: bool,
    row_places: Option<usize>,
    words: Keywords,
}

impl<Lists: Iterator<Item = usize>> Writer<Lists> {
    fn write(&mut self, sql: &str) {
        // The starts of open parentheses, and the number of placeholders before each.
        let mut open = Vec::new();
        let mut rest = sql;
        while let Some(first) = rest.chars().next() {
            let at = sql.len() - rest.len();
            let opaque = self.dialect.opaque(sql, at);
            if opaque > 0 {
                let (skipped, after) = rest.split_at_checked(opaque).unwrap_or((rest, ""));
                self.text.push_str(skipped);
                self.words.push_quoted(skipped);
                rest = after;
                continue;
            }
            if let Some(after) = rest.strip_prefix(NOW) {
                self.words.next(' ');
                self.text.push_str(self.dialect.now());
                rest = after;
                continue;
            }
            if let Some(after) = rest.strip_prefix(")**") {
                self.text.push(')');
                self.words.next(')');
                if let Some((begun, before)) = open.pop() {
                    let row = sql.get(begun..=at).unwrap_or_default();
                    self.repeat(row, self.places - before);
                }
                rest = after;
                continue;
            }
            if first != '?' {
                match first {
                    '(' => open.push((at, self.places)),
                    ')' => drop(open.pop()),
                    _ => {}
                }
                self.text.push(first);
                self.words.next(first);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
                continue;
            }
            self.words.next(' ');
            rest = self.question(rest);
        }
    }

    /// Repeats the first row for the other rows.
    fn repeat(&mut self, row: &str, row_places: usize) {
        let places = self.places;
        for _ in 1..self.rows {
            self.text.push_str(", ");
            self.write(row);
        }
        self.places = places - row_places;
        self.row_places = Some(row_places);
    }

    /// Writes a placeholder and returns the position after it.
    fn question<'a>(&mut self, rest: &'a str) -> &'a str {
        if let Some(after) = rest.strip_prefix("??") {
            self.text.push('?');
            return after;
        }
        self.places += 1;
        let Some(after) = rest.strip_prefix("?*") else {
            self.place();
            return rest.get(1..).unwrap_or_default();
        };
        self.has_lists = true;
        match self.lists.next().unwrap_or_default() {
            // No engine accepts an empty list.
            0 => self.text.push_str("NULL"),
            length => {
                for position in 0..length {
                    if position > 0 {
                        self.text.push_str(", ");
                    }
                    self.place();
                }
            }
        }
        after
    }

    fn place(&mut self) {
        self.sent += 1;
        if self.dialect.0 == Engine::Postgres {
            self.text.push('$');
            self.text.push_str(&self.sent.to_string());
        } else {
            self.text.push('?');
        }
    }
}

/// Splits a text into statements at semicolons, and omits statements that consist of comments.
/// Semicolons between `BEGIN` and `END`, the body of a trigger, do not split.
pub(crate) fn split(sql: &str, dialect: Dialect) -> Vec<String> {
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    let mut word_start = None;
    let (mut is_routine, mut depth, mut after_end) = (false, 0_u32, false);
    let mut is_empty = true;
    while let Some(next) = sql.get(at..).and_then(|rest| rest.chars().next()) {
        let opaque = dialect.opaque(sql, at);
        is_empty &= next.is_whitespace() || next == ';' || (opaque > 0 && "-/#".contains(next));
        if opaque == 0 && is_word(next) {
            word_start.get_or_insert(at);
            at += next.len_utf8();
            continue;
        }
        if let Some(begun) = word_start.take() {
            let word = sql.get(begun..at).unwrap_or_default().to_ascii_uppercase();
            let closes = std::mem::take(&mut after_end);
            match word.as_str() {
                "TRIGGER" | "PROCEDURE" | "FUNCTION" => is_routine = true,
                // `END IF` does not open a block.
                "BEGIN" | "CASE" | "IF" | "LOOP" | "REPEAT" | "WHILE"
                    if is_routine && !closes && (depth > 0 || word == "BEGIN") =>
                {
                    depth += 1;
                }
                "END" => {
                    depth = depth.saturating_sub(1);
                    after_end = true;
                }
                _ => {}
            }
        }
        if opaque > 0 {
            at += opaque;
        } else {
            if next == ';' && depth == 0 {
                after_end = false;
                if !std::mem::replace(&mut is_empty, true) {
                    parts.push(sql.get(start..at).unwrap_or_default().trim().to_owned());
                }
                start = at + 1;
                is_routine = false;
            }
            at += next.len_utf8();
        }
    }
    if !is_empty {
        parts.push(sql.get(start..).unwrap_or_default().trim().to_owned());
    }
    parts
}

impl Dialect {
    /// Returns the expression of the current time, which is later than the start of the
    /// transaction.
    pub(super) const fn now(self) -> &'static str {
        match self.0 {
            Engine::Postgres => "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint",
            Engine::MySql => "CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED)",
            Engine::Sqlite => "CAST(unixepoch('now', 'subsec') * 1000000 AS INTEGER)",
        }
    }

    /// Returns the length in bytes of the string, quoted name or comment at `at`, or 0.
    fn opaque(self, sql: &str, at: usize) -> usize {
        let rest = sql.get(at..).unwrap_or_default();
        let bytes = rest.as_bytes();
        let engine = self.0;
        match bytes.first() {
            Some(b'\'') => {
                let escapes = engine == Engine::Postgres && is_escape_string(sql, at);
                quoted(bytes, b'\'', escapes)
            }
            Some(b'"') => quoted(bytes, b'"', false),
            Some(b'`') if engine != Engine::Postgres => quoted(bytes, b'`', false),
            Some(b'[') if engine == Engine::Sqlite => quoted(bytes, b']', false),
            Some(b'#') if engine == Engine::MySql => line(bytes),
            // In MySQL two dashes start a comment only before a space.
            Some(b'-')
                if rest.starts_with("--")
                    && (engine != Engine::MySql
                        || bytes.get(2).is_none_or(u8::is_ascii_whitespace)) =>
            {
                line(bytes)
            }
            Some(b'/') if rest.starts_with("/*") => comment(bytes, engine == Engine::Postgres),
            Some(b'$') if engine == Engine::Postgres => dollar_quoted(sql, at),
            _ => 0,
        }
    }
}

/// Returns whether the quote at `at` follows a separate `E`.
fn is_escape_string(sql: &str, at: usize) -> bool {
    let before = sql.get(..at).unwrap_or_default();
    let Some(before) = before.strip_suffix(['e', 'E']) else {
        return false;
    };
    !before.chars().next_back().is_some_and(is_word)
}

fn quoted(bytes: &[u8], end: u8, escapes: bool) -> usize {
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        if escapes && *byte == b'\\' {
            at += 2;
        } else if *byte != end {
            at += 1;
        } else if bytes.get(at + 1) == Some(&end) {
            at += 2;
        } else {
            return at + 1;
        }
    }
    bytes.len()
}

fn line(bytes: &[u8]) -> usize {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    end.unwrap_or(bytes.len())
}

fn comment(bytes: &[u8], nests: bool) -> usize {
    let (mut at, mut depth) = (2, 1_u32);
    while depth > 0 && at < bytes.len() {
        let pair = bytes.get(at..at + 2).unwrap_or_default();
        if pair == b"*/" {
            depth -= 1;
            at += 2;
        } else if nests && pair == b"/*" {
            depth += 1;
            at += 2;
        } else {
            at += 1;
        }
    }
    at.min(bytes.len())
}

fn dollar_quoted(sql: &str, at: usize) -> usize {
    let follows_word = sql
        .get(..at)
        .and_then(|before| before.chars().next_back())
        .is_some_and(is_word);
    let rest = sql.get(at..).unwrap_or_default();
    let Some(length) = rest.get(1..).and_then(|inner| inner.find('$')) else {
        return 0;
    };
    let tag = rest.get(..length + 2).unwrap_or_default();
    let name = rest.get(1..=length).unwrap_or_default();
    let is_tag =
        name.chars().all(is_word) && !name.chars().next().is_some_and(|c| c.is_ascii_digit());
    if follows_word || !is_tag {
        return 0;
    }
    let body = rest.get(tag.len()..).unwrap_or_default();
    body.find(tag)
        .map_or(rest.len(), |end| tag.len() + end + tag.len())
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Finds the operation and the table of a statement, for spans.
#[derive(Default)]
struct Keywords {
    word: String,
    operation: String,
    table_follows: bool,
    collection: Option<String>,
}

impl Keywords {
    fn next(&mut self, character: char) {
        if is_word(character) || (character == '.' && self.table_follows) {
            self.word.push(character);
        } else if !self.word.is_empty() {
            let word = std::mem::take(&mut self.word);
            self.end(&word);
        }
    }

    fn push_quoted(&mut self, text: &str) {
        self.next(' ');
        if self.table_follows && text.starts_with(['"', '`', '[']) {
            self.end(text.trim_matches(['"', '`', '[', ']']));
        }
    }

    fn end(&mut self, word: &str) {
        if self.table_follows {
            self.table_follows = false;
            // `INSERT OR REPLACE INTO`, `UPDATE OR IGNORE`, `FROM (SELECT`: the table follows
            // later.
            if ["or", "only", "select", "lateral"]
                .iter()
                .all(|other| !other.eq_ignore_ascii_case(word))
            {
                self.collection = Some(word.to_owned());
            }
            return;
        }
        if self.operation.is_empty() {
            self.operation = word.to_ascii_uppercase();
        }
        let names_table = ["from", "into", "update", "table"]
            .iter()
            .any(|keyword| keyword.eq_ignore_ascii_case(word));
        self.table_follows = self.collection.is_none() && names_table;
    }
}
