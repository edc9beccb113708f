use chrono::DateTime;
use uuid::Uuid;

use crate::{Kind, Value};

/// The maximum length of a text in a filter, in bytes.
const MAX_TEXT: usize = 512;

/// How a filter compares. In a request the operator follows the name of the field, as in
/// `label.prefix=ab`. The default is [`Equals`](Self::Equals).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `label=x`.
    Equals,
    /// `label.not=x`.
    Not,
    /// `created.after=x`.
    After,
    /// `created.from=x`: at or after.
    From,
    /// `created.before=x`.
    Before,
    /// `created.to=x`: at or before.
    To,
    /// `class.in=a,b`: one of at most a hundred.
    In,
    /// `label.prefix=x`, for text.
    Prefix,
    /// `label.contains=x`, for text.
    Contains,
}

impl Operator {
    /// The operators of ordered kinds.
    pub const RANGE: &'static [Self] = &[
        Self::Equals,
        Self::After,
        Self::From,
        Self::Before,
        Self::To,
    ];
    /// The operators of equality.
    pub const EXACT: &'static [Self] = &[Self::Equals, Self::Not, Self::In];

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "not" => Self::Not,
            "after" => Self::After,
            "from" => Self::From,
            "before" => Self::Before,
            "to" => Self::To,
            "in" => Self::In,
            "prefix" => Self::Prefix,
            "contains" => Self::Contains,
            _ => return None,
        })
    }
}

/// A field of a list.
///
/// ```
/// use seaworthy_data::{Field, Kind, Operator};
///
/// let created = Field::new("created", "created_at", Kind::Time).filter(Operator::RANGE).sort();
/// # drop(created);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub(super) name: &'static str,
    pub(super) column: &'static str,
    pub(super) kind: Kind,
    pub(super) operators: &'static [Operator],
    pub(super) sorts: bool,
}

impl Field {
    /// Creates a field with the name for clients, its column (an SQL expression) and its kind. It
    /// allows neither filters nor sorting.
    #[must_use]
    pub const fn new(name: &'static str, column: &'static str, kind: Kind) -> Self {
        Self {
            name,
            column,
            kind,
            operators: &[],
            sorts: false,
        }
    }

    /// Allows these filters.
    #[must_use]
    pub const fn filter(mut self, operators: &'static [Operator]) -> Self {
        self.operators = operators;
        self
    }

    /// Allows sorting. The column must be `NOT NULL` and should have an index.
    #[must_use]
    pub const fn sort(mut self) -> Self {
        self.sorts = true;
        self
    }

    /// Parses the text of a client, or returns the violation.
    pub(super) fn read(&self, text: &str) -> Result<Value, &'static str> {
        match self.kind {
            Kind::Boolean => match text {
                "true" => Ok(true.into()),
                "false" => Ok(false.into()),
                _ => Err("is not true or false"),
            },
            Kind::Integer => {
                let number: Result<i64, _> = text.parse();
                number.map(Value::from).map_err(|_| "is not a whole number")
            }
            Kind::Float => {
                let number: Option<f64> = text.parse().ok();
                let number = number.filter(|number| number.is_finite());
                number.map(Value::from).ok_or("is not a number")
            }
            Kind::Uuid => {
                let uuid: Result<Uuid, _> = text.parse();
                uuid.map(Value::from).map_err(|_| "is not a UUID")
            }
            Kind::Time => DateTime::parse_from_rfc3339(text)
                .map(|time| time.to_utc().into())
                .map_err(|_| "is not a time such as 2026-01-31T12:00:00Z"),
            // PostgreSQL cannot store a zero byte.
            Kind::Text if text.len() > MAX_TEXT || text.contains('\0') => {
                Err("is too long or contains a zero byte")
            }
            Kind::Text => Ok(text.into()),
            Kind::Bytes | Kind::Json => Err("cannot be compared"),
        }
    }
}
