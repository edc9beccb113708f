//! Fields of the types of requests whose value only the service may decide: prices of an order,
//! roles of a new account, the state of a new record.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::{FileFacts, Model, Service};
use crate::repository::Role;
use crate::rule::{Breach, Outcome};
use crate::source::Location;

/// Values that only the service may decide.
struct Decided {
    /// Names of types that contain one of these words. In lower case.
    types: &'static [&'static str],
    /// Names of fields without `_`, in lower case.
    fields: &'static [&'static str],
    /// Whether the values are harmless if code looks the price up.
    is_price: bool,
    evidence: &'static str,
}

const DECIDED: &[Decided] = &[
    Decided {
        types: &[
            "order",
            "cart",
            "checkout",
            "booking",
            "purchase",
            "invoice",
            "refund",
            "return",
            "reservation",
            "payment",
        ],
        fields: &[
            "price",
            "unitprice",
            "total",
            "totalprice",
            "totalamount",
            "subtotal",
            "discount",
            "amount",
        ],
        is_price: true,
        evidence: "the caller chooses what it pays, because the request contains",
    },
    Decided {
        types: &[
            "regist",
            "signup",
            "createuser",
            "createaccount",
            "usercreate",
            "newuser",
        ],
        fields: &[
            "role",
            "roles",
            "roleid",
            "isadmin",
            "permissions",
            "isverified",
        ],
        is_price: false,
        evidence: "new users choose their own rights, because the request contains",
    },
    Decided {
        types: &[
            "order",
            "payment",
            "booking",
            "reservation",
            "appointment",
            "invoice",
        ],
        fields: &["paid", "ispaid", "paymentstatus", "approved", "isapproved"],
        is_price: false,
        evidence: "the caller chooses the state of the record, because the request contains",
    },
    Decided {
        types: &["shop", "store", "seller", "vendor", "restaurant", "product"],
        fields: &[
            "rating",
            "averagerating",
            "ratingcount",
            "reviewcount",
            "soldcount",
            "salescount",
            "viewcount",
            "likescount",
            "isverified",
            "isfeatured",
        ],
        is_price: false,
        evidence: "the caller chooses values that other users decide, because the request contains",
    },
];
/// Words of the names or the paths of types of requests, in lower case.
const REQUESTS: &[&str] = &[
    "request",
    "dto",
    "input",
    "command",
    "payload",
    "body",
    "create",
    "update",
    "place",
    "form",
    "validator",
];
/// Words of the names of types that are no request, in lower case.
const OTHERS: &[&str] = &[
    "response",
    "reply",
    "result",
    "output",
    "entity",
    "event",
    "message",
    "view",
    "indb",
    "client",
    "summary",
    "repository",
    "service",
    "controller",
    "admin",
    "filter",
    "query",
    "handler",
];
/// Words of code that looks the price up, in lower case.
const LOOKED_UP: &[&str] = &[
    "product.price",
    "product.getprice",
    "product.unitprice",
    "products.price",
    "getprice(",
    "get_price",
    "productprice",
    "product_price",
    "pricelist",
];

static TYPE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?m)^(?P<indent>[ \t]*)(?:(?:export|public|final|data|abstract|sealed|static|default|partial)\s+)*(?:class|interface|record|struct|type|const)\s+(?P<name>[A-Za-z]\w*)(?P<head>[^\n]*)",
    )
    .ok()
});
static FIELD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?:^|[\s(,])(?P<name>[A-Za-z]\w*)\s*(?:[?!]?\s*:|;|,|\)|\{\s*get\b|\s+[*\[\]\w.]+\s*(?:`|$))",
    )
    .ok()
});

/// The findings of all services.
pub(super) fn chosen_values(model: &Model) -> Vec<Outcome> {
    model
        .services
        .iter()
        .chain([&model.unowned])
        .flat_map(|service| of_service(model, service))
        .collect()
}

fn files<'m>(model: &'m Model, service: &'m Service) -> impl Iterator<Item = &'m FileFacts> {
    model
        .files_of(service)
        .filter(|found| found.file.role == Role::Production)
        .filter(|found| found.file.language.is_code() || found.file.language.is_text_code())
}

fn of_service(model: &Model, service: &Service) -> Vec<Outcome> {
    let mut found: BTreeMap<(&str, &str), (String, Vec<Location>)> = BTreeMap::new();
    let looks_up = files(model, service).any(|file| {
        let lower = file.file.text.to_lowercase();
        LOOKED_UP.iter().any(|word| lower.contains(word))
    });
    for file in files(model, service) {
        read(file, looks_up, &mut found);
    }
    found
        .into_iter()
        .filter_map(|(_, (evidence, mut places))| {
            let first = places.first()?.clone();
            places.remove(0);
            Some(Breach::review(first, evidence).related(places).into())
        })
        .collect()
}

fn read<'m>(
    found: &'m FileFacts,
    looks_up: bool,
    fields: &mut BTreeMap<(&'m str, &'static str), (String, Vec<Location>)>,
) {
    let (Some(types), Some(pattern)) = (TYPE.as_ref(), FIELD.as_ref()) else {
        return;
    };
    let text = &found.file.text;
    let path = found.file.path.to_lowercase();
    for captures in types.captures_iter(text) {
        let (Some(name), Some(whole)) = (captures.name("name"), captures.get(0)) else {
            continue;
        };
        let lower = name.as_str().to_lowercase();
        let requested = REQUESTS
            .iter()
            .any(|word| lower.contains(word) || path.contains(&format!("/{word}")))
            || path.contains("/dto");
        if !requested
            || OTHERS
                .iter()
                .any(|word| lower.contains(word) || path.contains(word))
        {
            continue;
        }
        let indent = captures.name("indent").map_or(0, |indent| indent.len());
        for decided in DECIDED {
            let named = decided.types.iter().any(|word| lower.contains(word));
            if !named || looks_up && decided.is_price {
                continue;
            }
            for (start, line) in body(text, whole.start(), indent) {
                let Some(field) = declared(pattern, line, decided.fields) else {
                    continue;
                };
                let at = start + line.find(field).unwrap_or_default();
                let place = found.file.location(at..at + field.len(), None);
                let evidence = format!("{} `{field}` (`{}`)", decided.evidence, name.as_str());
                fields
                    .entry((&found.file.path, decided.evidence))
                    .or_insert_with(|| (evidence, Vec::new()))
                    .1
                    .push(place);
            }
        }
    }
}

/// The field that a line declares, if its name is one of a list.
fn declared<'l>(pattern: &Regex, line: &'l str, fields: &[&str]) -> Option<&'l str> {
    let start = line.trim_start();
    if start.starts_with(['/', '*', '#', '@']) || start.starts_with("return") {
        return None;
    }
    pattern
        .captures_iter(line)
        .filter_map(|captures| captures.name("name"))
        .map(|name| name.as_str())
        .find(|name| {
            let plain = name.replace('_', "").to_lowercase();
            fields.contains(&plain.as_str())
        })
}

/// Maximum number of lines of a type that are read.
const MAX_LINES: usize = 60;

/// The lines of a type with their offsets: up to a line that is not deeper than its header.
fn body(text: &str, start: usize, indent: usize) -> impl Iterator<Item = (usize, &str)> {
    let mut offset = start;
    let mut first = true;
    text.get(start..)
        .unwrap_or_default()
        .split_inclusive('\n')
        .map(move |line| {
            let at = offset;
            offset += line.len();
            (at, line.trim_end_matches(['\n', '\r']))
        })
        .take(MAX_LINES)
        .take_while(move |(_, line)| {
            let depth = line.len() - line.trim_start().len();
            let inside = first || line.trim().is_empty() || depth > indent || line.starts_with(')');
            first = false;
            inside
        })
}
