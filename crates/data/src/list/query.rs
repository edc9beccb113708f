use std::num::NonZeroU32;

use super::{
    cursor,
    definition::List,
    field::{Field, Operator},
};
use crate::{
    Connection, DataError, Engine, FromColumn as _, FromRow, Row, Statement, Value, sql::Text,
};

/// A filter of the client.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    pub(super) column: &'static str,
    pub(super) operator: Operator,
    pub(super) values: Vec<Value>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    pub(super) field: Field,
    pub(super) descends: bool,
}

/// The start of a page.
#[derive(Debug, Clone)]
pub(super) enum Start {
    Offset(u32),
    After(Vec<Value>),
}

/// A validated request for a list.
#[derive(Debug, Clone)]
#[must_use = "a query does nothing until it is fetched"]
pub struct ListQuery {
    columns: &'static str,
    from: &'static str,
    condition: Option<&'static str>,
    bound: Vec<Value>,
    filters: Vec<Filter>,
    orders: Vec<Order>,
    start: Start,
    limit: NonZeroU32,
    total: bool,
    checksum: String,
    on_replica: bool,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// The `cursor` of the next page. `None` on the last page.
    pub next: Option<String>,
    /// The number of rows on all pages, if the client requested it.
    pub total: Option<u64>,
}

impl ListQuery {
    pub(super) fn new(
        list: &List,
        filters: Vec<Filter>,
        orders: Vec<Order>,
        start: Start,
        limit: NonZeroU32,
        total: bool,
        checksum: String,
    ) -> Self {
        Self {
            columns: list.columns,
            from: list.from,
            condition: list.condition,
            bound: Vec::new(),
            filters,
            orders,
            start,
            limit,
            total,
            checksum,
            on_replica: false,
        }
    }

    /// Binds the value of the next `?` in the condition of the list.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.bound.push(value.into());
        self
    }

    /// Lets a read replica serve the query.
    pub fn on_replica(mut self) -> Self {
        self.on_replica = true;
        self
    }

    /// Returns the page.
    ///
    /// # Errors
    /// Any [`DataError`] of the database, and a sort column that is null.
    pub async fn fetch<T: FromRow>(
        self,
        connection: &dyn Connection,
    ) -> Result<Page<T>, DataError> {
        let engine = connection.engine();
        let mut rows = self.rows(engine).fetch_rows(connection).await?;
        let limit = usize::try_from(self.limit.get()).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next = match rows.last() {
            Some(last) if has_more => Some(self.cursor_at(last)?),
            _ => None,
        };
        let total = if self.total {
            let (total,) = self.count(engine).fetch_one(connection).await?;
            Some(total)
        } else {
            None
        };
        Ok(Page {
            items: rows.iter().map(T::from_row).collect::<Result<_, _>>()?,
            next,
            total,
        })
    }

    fn cursor_at(&self, row: &Row) -> Result<String, DataError> {
        // The sort columns are the last of each row.
        let first = row.len().saturating_sub(self.orders.len());
        let values = self.orders.iter().enumerate().map(|(position, order)| {
            let value = row.value_at(first + position)?;
            // Convert the engine's type to the kind of the field.
            match order.field.kind {
                crate::Kind::Uuid => uuid::Uuid::from_value(value).map(Value::from),
                crate::Kind::Time => {
                    chrono::DateTime::<chrono::Utc>::from_value(value).map(Value::from)
                }
                crate::Kind::Boolean => bool::from_value(value).map(Value::from),
                crate::Kind::Integer => i64::from_value(value).map(Value::from),
                crate::Kind::Float => f64::from_value(value).map(Value::from),
                _ => String::from_value(value).map(Value::from),
            }
        });
        let values: Vec<Value> = values.collect::<Result<_, DataError>>()?;
        Ok(cursor::write(&self.checksum, &values))
    }

    /// Composes the statement of the page. One further row shows whether another page follows.
    pub(super) fn rows(&self, engine: Engine) -> Statement {
        let mut text = format!("SELECT {}", self.columns);
        for (position, order) in self.orders.iter().enumerate() {
            text.push_str(&format!(", {} AS sort_{position}", order.field.column));
        }
        let mut values = self.bound.clone();
        text.push_str(&format!(" FROM {}", self.from));
        self.conditions(engine, &mut text, &mut values);
        if let Start::After(after) = &self.start {
            text.push_str(" AND (");
            self.after(after, &mut text, &mut values);
            text.push(')');
        }
        text.push_str(" ORDER BY ");
        for (position, order) in self.orders.iter().enumerate() {
            if position > 0 {
                text.push_str(", ");
            }
            text.push_str(order.field.column);
            text.push_str(if order.descends { " DESC" } else { " ASC" });
        }
        text.push_str(" LIMIT ?");
        values.push(Value::from(i64::from(self.limit.get()) + 1));
        if let Start::Offset(offset) = self.start
            && offset > 0
        {
            text.push_str(" OFFSET ?");
            values.push(offset.into());
        }
        self.statement(text, values)
    }

    fn count(&self, engine: Engine) -> Statement {
        let mut text = format!("SELECT count(*) FROM {}", self.from);
        let mut values = self.bound.clone();
        self.conditions(engine, &mut text, &mut values);
        self.statement(text, values)
    }

    fn statement(&self, text: String, values: Vec<Value>) -> Statement {
        let statement = Statement::new(Text::Composed(text.into())).bind_values(values);
        if self.on_replica {
            statement.on_replica()
        } else {
            statement
        }
    }

    fn conditions(&self, engine: Engine, text: &mut String, values: &mut Vec<Value>) {
        text.push_str(" WHERE (");
        text.push_str(self.condition.unwrap_or("1 = 1"));
        text.push(')');
        for filter in &self.filters {
            text.push_str(" AND ");
            filter.write(engine, text);
            match (&filter.operator, filter.values.first()) {
                (Operator::Prefix, Some(Value::Text(prefix))) => {
                    let length = i64::try_from(prefix.chars().count()).unwrap_or(i64::MAX);
                    values.push(length.into());
                    values.push(prefix.as_ref().into());
                }
                _ => values.extend(filter.values.iter().cloned()),
            }
        }
    }

    /// Composes `a > ? OR a = ? AND (b < ? OR …)`, the rows after a cursor in an order of mixed
    /// directions.
    fn after(&self, after: &[Value], text: &mut String, values: &mut Vec<Value>) {
        let mut open = 0;
        let last = self.orders.len().saturating_sub(1);
        for (position, (order, value)) in self.orders.iter().zip(after).enumerate() {
            let column = order.field.column;
            let sign = if order.descends { '<' } else { '>' };
            text.push_str(&format!("{column} {sign} ?"));
            values.push(value.clone());
            if position < last {
                text.push_str(&format!(" OR ({column} = ? AND ("));
                values.push(value.clone());
                open += 1;
            }
        }
        text.push_str(&"))".repeat(open));
    }
}

impl Filter {
    fn write(&self, engine: Engine, text: &mut String) {
        let column = self.column;
        let sign = match self.operator {
            Operator::Equals => "=",
            Operator::Not => "<>",
            Operator::After => ">",
            Operator::From => ">=",
            Operator::Before => "<",
            Operator::To => "<=",
            Operator::In => {
                let places = vec!["?"; self.values.len()].join(", ");
                text.push_str(&format!("{column} IN ({places})"));
                return;
            }
            // `LIKE` has wildcards, and ignores case on SQLite.
            Operator::Prefix => {
                let length = if engine == Engine::Postgres {
                    "CAST(? AS INTEGER)"
                } else {
                    "?"
                };
                text.push_str(&format!("SUBSTR({column}, 1, {length}) = ?"));
                return;
            }
            Operator::Contains => {
                let find = if engine == Engine::Postgres {
                    "STRPOS"
                } else {
                    "INSTR"
                };
                text.push_str(&format!("{find}({column}, ?) > 0"));
                return;
            }
        };
        text.push_str(&format!("{column} {sign} ?"));
    }
}
