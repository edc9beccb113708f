use std::{collections::HashMap, sync::Arc};

use parking_lot::RwLock;

use crate::{
    DataError, DataErrorKind, Engine, Statement,
    sql::{Dialect, Lengths, Rewritten, Rows, Text, rewrite},
};

/// A statement in the syntax of its engine.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) text: Arc<str>,
    pub(crate) operation: String,
    pub(crate) collection: Option<String>,
    places: usize,
    has_lists: bool,
    row_places: Option<usize>,
}

/// The first words of statements that change nothing by themselves. `WITH`, `EXPLAIN` and `PRAGMA`
/// may be followed by a change.
const READS: [&str; 2] = ["SELECT", "SHOW"];

impl Prepared {
    /// Whether the statement is known to change nothing. The changes of a function that a `SELECT`
    /// calls are not detected.
    pub(crate) fn reads(&self) -> bool {
        READS.contains(&self.operation.as_str())
    }
}

impl From<Rewritten> for Prepared {
    fn from(rewritten: Rewritten) -> Self {
        Self {
            text: rewritten.text.into(),
            operation: rewritten.operation,
            collection: rewritten.collection,
            places: rewritten.places,
            has_lists: rewritten.has_lists,
            row_places: rewritten.row_places,
        }
    }
}

/// Maximum number of cached statements. A program has some hundred, and lists have few lengths.
/// Further statements are rewritten at each execution.
const MAX_STATEMENTS: usize = 1_024;
/// Maximum number of values of a cached statement. A longer one takes tens of kilobytes of text.
const MAX_VALUES: usize = 1_024;

/// Identifies a static statement of the program with the lengths of its lists and rows.
#[derive(Debug, PartialEq, Eq, Hash)]
struct StatementKey {
    /// The address and the length of the text.
    text: (usize, usize),
    lists: Box<[usize]>,
    rows: Option<usize>,
}

/// The static statements of the program that were executed.
#[derive(Default)]
pub(crate) struct Statements(RwLock<HashMap<StatementKey, Arc<Prepared>>>);

impl Statements {
    pub(crate) fn prepare(
        &self,
        engine: Engine,
        statement: &Statement,
    ) -> Result<Arc<Prepared>, DataError> {
        let text = statement.text(engine);
        let lengths = statement.list_lengths();
        let rows = statement.rows();
        let fresh = || {
            let lengths = Lengths {
                lists: lengths,
                rows: rows.map_or(0, |rows| rows.count),
            };
            let rewritten = rewrite(text.as_str(), Dialect(engine), lengths);
            Arc::new(Prepared::from(rewritten))
        };
        let prepared = match &*text {
            Text::Static(text) if statement.values().len() <= MAX_VALUES => {
                let key = StatementKey {
                    text: (text.as_ptr().addr(), text.len()),
                    lists: lengths.into(),
                    rows: rows.map(|rows| rows.count),
                };
                let known = self.0.read().get(&key).cloned();
                known.unwrap_or_else(|| {
                    let prepared = fresh();
                    let mut known = self.0.write();
                    if known.len() < MAX_STATEMENTS {
                        known.insert(key, Arc::clone(&prepared));
                    }
                    prepared
                })
            }
            Text::Static(_) | Text::Composed(_) => fresh(),
        };
        let (places, bound) = (prepared.places, statement.bound());
        if places != bound || prepared.has_lists == lengths.is_empty() {
            return Err(DataError::new(
                DataErrorKind::InvalidStatement,
                format!("the statement has {places} placeholders and {bound} bound values"),
            ));
        }
        if prepared.row_places != rows.map(|rows| rows.width)
            || rows.is_some_and(|rows| rows.count == 0)
        {
            let (count, width) = rows.map_or((0, 0), |Rows { count, width }| (count, width));
            return Err(DataError::new(
                DataErrorKind::InvalidStatement,
                format!(
                    "a row of the statement has {} placeholders, and {count} rows of {width} values are bound",
                    prepared.row_places.unwrap_or_default()
                ),
            ));
        }
        Ok(prepared)
    }
}
