use std::{collections::HashMap, sync::Arc};

use parking_lot::RwLock;

use crate::{
    DataError, DataErrorKind, Engine, Statement,
    sql::{Dialect, Rewritten, Text, rewrite},
};

/// A statement as its engine reads it, made once.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) text: Arc<str>,
    pub(crate) operation: String,
    pub(crate) collection: Option<String>,
    places: usize,
    has_lists: bool,
}

impl From<Rewritten> for Prepared {
    fn from(rewritten: Rewritten) -> Self {
        Self {
            text: rewritten.text.into(),
            operation: rewritten.operation,
            collection: rewritten.collection,
            places: rewritten.places,
            has_lists: rewritten.has_lists,
        }
    }
}

/// The statements of the program, by where their text stands in it: there are as many as the program has.
#[derive(Default)]
pub(crate) struct Statements(RwLock<HashMap<(usize, usize), Arc<Prepared>>>);

impl Statements {
    pub(crate) fn prepare(
        &self,
        engine: Engine,
        statement: &Statement,
    ) -> Result<Arc<Prepared>, DataError> {
        let text = statement.text(engine);
        let lengths = statement.list_lengths();
        let fresh = || {
            let rewritten = rewrite(text.as_str(), Dialect(engine), lengths);
            Arc::new(Prepared::from(rewritten))
        };
        let prepared = match &*text {
            Text::Static(text) if lengths.is_empty() => {
                let place = (text.as_ptr().addr(), text.len());
                let known = self.0.read().get(&place).cloned();
                known.unwrap_or_else(|| {
                    let prepared = fresh();
                    self.0.write().insert(place, Arc::clone(&prepared));
                    prepared
                })
            }
            _ => fresh(),
        };
        let (places, bound) = (prepared.places, statement.bound());
        if places != bound || prepared.has_lists == lengths.is_empty() {
            return Err(DataError::new(
                DataErrorKind::InvalidStatement,
                format!("it has {places} places for values, and {bound} are bound"),
            ));
        }
        Ok(prepared)
    }
}
