use std::num::NonZeroU32;

use seaworthy_core::{Error, FieldViolation};

use super::{
    cursor,
    field::{Field, Operator},
    query::{Filter, ListQuery, Order, Start},
    request::ListRequest,
};
use crate::{Kind, Value};

/// The default number of rows of a page, for people.
const DEFAULT_LIMIT: NonZeroU32 = NonZeroU32::new(50).unwrap();
/// The default of the maximum number of rows of a page, for programs.
const DEFAULT_MAX_LIMIT: NonZeroU32 = NonZeroU32::new(200).unwrap();
/// The maximum offset. Servers read and discard the rows before it. Cursors have no such limit.
const MAX_OFFSET: u32 = 10_000;
/// The maximum number of filters of a request.
const MAX_FILTERS: usize = 20;
/// The maximum number of values of `in`.
const MAX_VALUES: usize = 100;
/// The maximum number of fields of a sort.
const MAX_SORTS: usize = 4;

/// The columns of a list, and the filters and orders that clients may request.
///
/// ```
/// use seaworthy_data::{Field, Kind, List, ListRequest, Operator};
///
/// let symbols = List::new("id, label, created_at", "symbols", Field::new("id", "id", Kind::Integer))
///     .with_condition("project_id = ? AND deleted_at IS NULL")
///     .field(Field::new("label", "label", Kind::Text).filter(&[Operator::Equals, Operator::Prefix]).sort())
///     .field(Field::new("created", "created_at", Kind::Time).filter(Operator::RANGE).sort());
///
/// let request = ListRequest::from_query("label.prefix=ab&sort=-created&limit=20");
/// assert!(symbols.query(&request).is_ok());
///
/// let hostile = ListRequest::from_query("sort=id;DROP+TABLE+symbols&limit=1000000&secret=1");
/// let error = symbols.query(&hostile).unwrap_err();
/// let names: Vec<&str> = error.fields().iter().map(|field| field.field.as_str()).collect();
/// assert_eq!(names, ["sort", "limit", "secret"]);
/// ```
#[derive(Debug, Clone)]
pub struct List {
    pub(super) columns: &'static str,
    pub(super) from: &'static str,
    pub(super) condition: Option<&'static str>,
    fields: Vec<Field>,
    unique: Field,
    default_sort: &'static str,
    limit: NonZeroU32,
    max_limit: NonZeroU32,
}

impl List {
    /// Creates a list of these columns `FROM` this table with its joins. `unique` differs between
    /// any two rows. It ends every order, so that pages neither repeat nor omit a row.
    #[must_use]
    pub fn new(columns: &'static str, from: &'static str, unique: Field) -> Self {
        Self {
            columns,
            from,
            condition: None,
            fields: Vec::new(),
            unique,
            default_sort: "",
            limit: DEFAULT_LIMIT,
            max_limit: DEFAULT_MAX_LIMIT,
        }
    }

    /// Sets a condition that always applies. Its `?` take the values of [`ListQuery::bind`].
    #[must_use]
    pub const fn with_condition(mut self, condition: &'static str) -> Self {
        self.condition = Some(condition);
        self
    }

    /// Adds a field.
    #[must_use]
    pub fn field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// Sets the default order, such as `-created`.
    #[must_use]
    pub const fn sorted_by(mut self, sort: &'static str) -> Self {
        self.default_sort = sort;
        self
    }

    /// Sets the default and the maximum number of rows of a page.
    #[must_use]
    pub const fn limits(mut self, default: NonZeroU32, max_limit: NonZeroU32) -> Self {
        self.limit = default;
        self.max_limit = max_limit;
        self
    }

    /// Creates the query of a request.
    ///
    /// # Errors
    /// A violation for each parameter that is not allowed.
    pub fn query(&self, request: &ListRequest) -> Result<ListQuery, Error> {
        let mut parsed = Parsed::default();
        for (name, value) in &request.pairs {
            if let Err(problem) = self.read(&mut parsed, name, value) {
                parsed.violations.push(violation(name, problem));
            }
        }
        if parsed.filters.len() > MAX_FILTERS {
            parsed
                .violations
                .push(FieldViolation::new("filter", "has more than 20 entries"));
        }
        let orders = match parsed.orders.take() {
            Some(orders) => orders,
            None => self.orders(self.default_sort).unwrap_or_default(),
        };
        let orders = self.with_unique(orders);
        let checksum = self.checksum(&orders, &request.pairs);
        let kinds: Vec<Kind> = orders.iter().map(|order| order.field.kind).collect();
        let mut start = Start::Offset(parsed.offset.unwrap_or_default());
        if let Some(text) = &parsed.cursor {
            match cursor::read(text, &checksum, &kinds) {
                Some(_) if parsed.offset.is_some() => parsed.violations.push(FieldViolation::new(
                    "offset",
                    "must not be combined with a cursor",
                )),
                Some(values) => start = Start::After(values),
                None => parsed.violations.push(FieldViolation::new(
                    "cursor",
                    "belongs to another list, filter or order",
                )),
            }
        }
        if !parsed.violations.is_empty() {
            return Err(Error::invalid(parsed.violations));
        }
        Ok(ListQuery::new(
            self,
            parsed.filters,
            orders,
            start,
            parsed.limit.unwrap_or(self.limit),
            parsed.total,
            checksum,
        ))
    }

    fn read(&self, parsed: &mut Parsed, name: &str, value: &str) -> Result<(), &'static str> {
        let once = "is repeated";
        match name {
            "limit" => {
                let limit: NonZeroU32 = value.parse().map_err(|_| "is not a number above 0")?;
                if limit > self.max_limit {
                    return Err("is above the limit of this list");
                }
                fill(&mut parsed.limit, limit).ok_or(once)
            }
            "offset" => {
                let offset: u32 = value.parse().map_err(|_| "is not a number")?;
                if offset > MAX_OFFSET {
                    return Err("is too large: use the cursor of the previous page");
                }
                fill(&mut parsed.offset, offset).ok_or(once)
            }
            "cursor" => fill(&mut parsed.cursor, value.to_owned()).ok_or(once),
            "sort" => {
                let orders = self
                    .orders(value)
                    .ok_or("names a field that cannot be sorted by")?;
                fill(&mut parsed.orders, orders).ok_or(once)
            }
            "total" => {
                parsed.total = match value {
                    "true" => true,
                    "false" => false,
                    _ => return Err("is not true or false"),
                };
                Ok(())
            }
            _ => {
                parsed.filters.push(self.filter(name, value)?);
                Ok(())
            }
        }
    }

    fn filter(&self, name: &str, text: &str) -> Result<Filter, &'static str> {
        let (name, operator) = match name.split_once('.') {
            Some((name, operator)) => (
                name,
                Operator::from_name(operator).ok_or("names an unknown operator")?,
            ),
            None => (name, Operator::Equals),
        };
        let field = self
            .fields
            .iter()
            .chain([&self.unique])
            .find(|field| field.name == name)
            .ok_or("is not a field of this list")?;
        if !field.operators.contains(&operator) {
            return Err("does not support this operator");
        }
        let is_about_text = matches!(operator, Operator::Prefix | Operator::Contains);
        if is_about_text && field.kind != Kind::Text {
            return Err("is not text");
        }
        let values: Vec<Value> = if operator == Operator::In {
            let parts = text.split(',').take(MAX_VALUES + 1);
            parts
                .map(|part| field.read(part))
                .collect::<Result<_, _>>()?
        } else {
            vec![field.read(text)?]
        };
        if values.len() > MAX_VALUES {
            return Err("has more than 100 values");
        }
        Ok(Filter {
            column: field.column,
            operator,
            values,
        })
    }

    /// Parses an order such as `label,-created`.
    fn orders(&self, sort: &str) -> Option<Vec<Order>> {
        if sort.is_empty() {
            return Some(Vec::new());
        }
        let mut orders: Vec<Order> = Vec::new();
        for part in sort.split(',').take(MAX_SORTS + 1) {
            let (name, descends) = match part.strip_prefix('-') {
                Some(name) => (name, true),
                None => (part, false),
            };
            let mut allowed = self.fields.iter().filter(|field| field.sorts);
            let field = allowed
                .find(|field| field.name == name)
                .or_else(|| Some(&self.unique).filter(|unique| unique.name == name))?;
            if orders.iter().any(|order| order.field.name == name) {
                return None;
            }
            orders.push(Order {
                field: *field,
                descends,
            });
        }
        (orders.len() <= MAX_SORTS).then_some(orders)
    }

    fn with_unique(&self, mut orders: Vec<Order>) -> Vec<Order> {
        let known = orders
            .iter()
            .position(|order| order.field.name == self.unique.name);
        match known {
            // Fields after the unique one have no effect.
            Some(position) => orders.truncate(position + 1),
            None => {
                let descends = orders.last().is_some_and(|last| last.descends);
                orders.push(Order {
                    field: self.unique,
                    descends,
                });
            }
        }
        orders
    }

    /// Computes the checksum of the list, its filters and its order.
    fn checksum(&self, orders: &[Order], pairs: &[(String, String)]) -> String {
        let mut parts = vec![self.columns, self.from, self.condition.unwrap_or_default()];
        for order in orders {
            parts.push(order.field.column);
            parts.push(if order.descends { "down" } else { "up" });
        }
        let about_page = ["limit", "offset", "cursor", "sort", "total"];
        let mut filters: Vec<_> = pairs
            .iter()
            .filter(|(name, _)| !about_page.contains(&name.as_str()))
            .collect();
        filters.sort();
        for (name, value) in filters {
            parts.push(name);
            parts.push(value);
        }
        cursor::checksum(&parts)
    }
}

#[derive(Default)]
struct Parsed {
    filters: Vec<Filter>,
    orders: Option<Vec<Order>>,
    limit: Option<NonZeroU32>,
    offset: Option<u32>,
    cursor: Option<String>,
    total: bool,
    violations: Vec<FieldViolation>,
}

fn fill<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

/// Truncates a name that the client sent.
fn violation(name: &str, problem: &str) -> FieldViolation {
    let shown: String = name.chars().take(64).collect();
    FieldViolation::new(shown, problem)
}
