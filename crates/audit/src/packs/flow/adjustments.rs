//! Increments and decrements of a stored value: `stock = stock - $1`, `$inc`, `balance += amount`.

use std::sync::LazyLock;

use regex::Regex;

use super::super::practice::mentions;
use crate::model::facts::Effects;
use crate::syntax::{Call, Code, count_word};

/// `left = left + …` in a SQL statement, in an ORM expression or in code.
static DIFFERENCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?-u)(?P<left>\w+(?:\.\w+)?)\s*(?:=|\x22\s*[,:]\s*[\w.]*(?:Expr|F)\(\s*\x22)\s*(?P<right>\w+(?:\.\w+)?)(?:\x22\))?\s*(?:[+-]|\.(?:add|subtract|plus|minus)\()").ok()
});
/// `account.balance -= amount`, and setters that use the getter of the same record.
static OWN_FIELD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?-u)\b(?P<name>[a-z]\w*)(?:\.(?P<field>\w+)\s*(?:[+-]=|=\s*(?P<again>\w+)\.(?P<same>\w+)\s*(?:[+-]|\.(?:add|subtract|plus|minus)\())|\.set(?P<set>[A-Z]\w*)\(\s*(?P<from>\w+)\.get(?P<get>[A-Z]\w*)\(\)\s*(?:[+-]|\.(?:add|subtract|plus|minus)\())").ok()
});
/// Methods that change a number of a record, in lower case.
const METHODS: &[&str] = &["increment", "decrement", "incrementby", "decrementby"];
/// Texts of arguments that change a number of a record, in lower case.
const ARGUMENTS: &[&str] = &["$inc", "increment:", "decrement:"];
/// Methods that write changed records without a record as an argument.
const COMMITS: &[&str] = &["commit", "flush"];

/// The variables of the changes of a function.
pub(super) fn records<'t>(changes: &[(usize, &'t str)]) -> Vec<&'t str> {
    let mut found: Vec<&str> = changes.iter().map(|(_, name)| *name).collect();
    found.dedup();
    found
}

/// `next = account.getBalance() - amount; account.setBalance(next)`,
/// `item["stock"] = item.stock - 1`.
static IN_STEPS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?-u)\b(?P<value>[a-z]\w*)\s*:?=\s*(?P<name>[a-z]\w*)\.(?:get(?P<get>[A-Z]\w*)\(\)|(?P<field>\w+))\s*(?:[+-]|\.(?:add|subtract|plus|minus)\()|\b(?P<map>[a-z]\w*)\[["'](?P<key>\w+)["']\]\s*(?:=\s*(?P<again>\w+)(?:\.(?P<same>\w+)|\[["'](?P<item>\w+)["']\])\s*[+-]|[+-]=)"#).ok()
});

/// The places at which a field of a variable gets a new value that depends on the old one, and the
/// variable.
pub(super) fn changes(text: &str) -> Vec<(usize, &str)> {
    let mut found = direct(text);
    found.extend(in_steps(text));
    found.extend(of_elements(text));
    found.sort_unstable();
    found
}

/// `stock.get(i).setQuantity(current.get(i).getQuantity() - n)`: setters with the getter of the
/// same property of an element of a list.
static OF_ELEMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?-u)\b(?P<name>[a-z]\w*)\.get\(\w+\)\.set(?P<set>[A-Z]\w*)\(\s*\w+\.get\(\w+\)\.get(?P<get>[A-Z]\w*)\(\)\s*[+-]").ok()
});

fn of_elements(text: &str) -> Vec<(usize, &str)> {
    let Some(pattern) = OF_ELEMENT.as_ref() else {
        return Vec::new();
    };
    pattern
        .captures_iter(text)
        .filter_map(|captures| {
            let same = captures.name("set")?.as_str() == captures.name("get")?.as_str();
            let name = captures.name("name")?;
            same.then_some((name.start(), name.as_str()))
        })
        .collect()
}

/// Changes through another variable or a key of a map.
fn in_steps(text: &str) -> Vec<(usize, &str)> {
    let Some(pattern) = IN_STEPS.as_ref() else {
        return Vec::new();
    };
    pattern
        .captures_iter(text)
        .filter_map(|captures| {
            let part = |group: &str| captures.name(group).map(|part| part.as_str());
            let start = captures.get(0)?.start();
            if let Some(map) = part("map") {
                let same = part("again").is_none_or(|again| {
                    again == map && (part("same").or(part("item")) == part("key"))
                });
                return same.then_some((start, map));
            }
            let (value, name) = (part("value")?, part("name")?);
            let rest = text.get(captures.get(0)?.end()..)?;
            let set = match (part("get"), part("field")) {
                (Some(get), _) => format!("{name}.set{get}({value})"),
                (None, Some(field)) => format!("{name}.{field} = {value}"),
                (None, None) => return None,
            };
            rest.contains(&set).then_some((start, name))
        })
        .collect()
}

/// Parts of a time, which the objects of JavaScript set by a difference.
const TIMES: &[&str] = &[
    "Milliseconds",
    "Seconds",
    "Minutes",
    "Hours",
    "Date",
    "Day",
    "Month",
    "FullYear",
    "Time",
    "UTCHours",
    "UTCDate",
    "UTCMonth",
];

fn direct(text: &str) -> Vec<(usize, &str)> {
    let Some(pattern) = OWN_FIELD.as_ref() else {
        return Vec::new();
    };
    pattern
        .captures_iter(text)
        .filter_map(|captures| {
            let start = captures.get(0)?.start();
            let name = captures.name("name")?.as_str();
            let part = |group: &str| captures.name(group).map(|part| part.as_str());
            let again = part("again").is_none_or(|again| again == name)
                && (part("same").is_none() || part("same") == part("field"));
            let same = part("from").is_none_or(|from| from == name) && part("get") == part("set");
            let time = part("set").is_some_and(|set| TIMES.contains(&set));
            let own = !time && !matches!(name, "this" | "self" | "s" | "i" | "r" | "c" | "m" | "w");
            (own && again && same).then_some((start, name))
        })
        .collect()
}

/// Whether a call increments or decrements a stored value.
pub(super) fn adjusts<'t>(
    code: &Code<'t>,
    call: &Call<'t>,
    effects: Effects,
    records: &[&str],
) -> bool {
    let method = call.method.to_lowercase();
    if METHODS.contains(&method.as_str()) {
        return effects.has(Effects::WRITE.with(Effects::READ)) || mentions(call.receiver, STORES);
    }
    let statement = mentions(&method, &["exec", "query", "update"]);
    let texts = || call.arguments.iter().map(|argument| argument.value);
    if statement
        && texts().any(|value| {
            let text = code.text(code.follow(value));
            has_difference(text) || mentions(text, ARGUMENTS)
        })
    {
        return true;
    }
    effects.has(Effects::WRITE)
        && !records.is_empty()
        && (COMMITS.contains(&method.as_str())
            || records.iter().any(|name| {
                call.receiver == *name
                    || texts().any(|value| count_word(code.text(value), name) > 0)
            }))
}

/// Words of the names of repositories, in lower case.
const STORES: &[&str] = &["repo", "prisma", "model", "manager", "dao"];

/// Whether a SQL statement or an expression increments or decrements a column.
fn has_difference(text: &str) -> bool {
    let lower = text.to_lowercase();
    let sql = lower.contains("update") && lower.contains("set");
    let expression = text.contains("Expr(") || text.contains("F(");
    if !sql && !expression {
        return false;
    }
    DIFFERENCE.as_ref().is_some_and(|pattern| {
        pattern.captures_iter(text).any(|captures| {
            let last = |group: &str| {
                captures
                    .name(group)
                    .and_then(|part| part.as_str().rsplit('.').next())
            };
            last("left") == last("right")
        }) || expression && EXPRESSION.as_ref().is_some_and(|one| one.is_match(text))
    })
}

/// `gorm.Expr("stock - ?", n)`, `F("stock") - n`.
static EXPRESSION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?-u)(?:Expr\(\s*["`]\w+\s*[+-]\s*\?|\bF\(\s*["']\w+["']\s*\)\s*[+-])"#).ok()
});

#[cfg(test)]
mod tests {
    use super::{changes, has_difference};

    fn records(text: &str) -> Vec<&str> {
        super::records(&changes(text))
    }

    #[test]
    fn a_column_that_is_set_to_a_sum_with_itself_is_a_difference() {
        assert!(has_difference("UPDATE a SET b = b + $1 WHERE id = $2"));
        assert!(has_difference("update a set n = a.n - 1"));
        assert!(has_difference("gorm.Expr(\"stock - ?\", n)"));
        assert!(has_difference("F('stock') - 1"));
        assert!(!has_difference("UPDATE a SET b = c + $1"));
        assert!(!has_difference("UPDATE a SET b = $1"));
    }

    #[test]
    fn a_record_whose_field_depends_on_its_old_value_is_found() {
        assert_eq!(records("account.balance -= amount"), ["account"]);
        assert_eq!(
            records("a1.setTotal(a1.getTotal().add(x)); repo.save(a1)"),
            ["a1"]
        );
        assert_eq!(records("item.stock = item.stock - 1"), ["item"]);
        assert_eq!(records("n = w.getBalance() - a; w.setBalance(n);"), ["w"]);
        assert_eq!(
            records("data[\"stock\"] = data.stock - order.quantity;"),
            ["data"]
        );
        assert!(records("total = item.price + tax; show(total)").is_empty());
        assert!(records("item.stock = other.stock - 1").is_empty());
        assert!(records("item.setTotal(item.getPrice() + 1)").is_empty());
    }
}
