//! The schemas of values that are not messages of the contract.

use prost_reflect::{EnumDescriptor, Kind};
use serde_json::{Map, Value, json};

use super::{
    duration, range, rule,
    schema::{Direction, Form},
};
use crate::rules::{FieldRules, Ignore, Rule};

/// The default maximum size of a message, and so of its texts and lists.
pub(super) const MESSAGE_LIMIT: u64 = 4 * 1024 * 1024;

/// The maximum characters of a path segment in the runtime crate.
pub(super) const SEGMENT_LIMIT: u64 = 1024;

/// The maximum characters of several path segments in the runtime crate.
pub(super) const PATH_LIMIT: u64 = 8192;

/// The pattern of a JSON number, as text.
const NUMBER_TEXT: &str =
    r"^(NaN|-?Infinity|-?(0|[1-9][0-9]{0,15})(\.[0-9]{1,16})?([eE][+-]?[0-9]{1,2})?)$";
/// The pattern of a JSON number in the range of 32 bits, as text.
const SINGLE_TEXT: &str =
    r"^(NaN|-?Infinity|-?(0|[1-9][0-9]{0,7})(\.[0-9]{1,16})?([eE][+-]?[12]?[0-9])?)$";
/// The pattern of float values that are not JSON numbers.
const INFINITE: &str = "^(NaN|-?Infinity)$";
const BASE64: &str = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}(==)?|[A-Za-z0-9+/]{3}=?)?$";
const FIELD_MASK: &str =
    r"^([a-z][a-zA-Z0-9]*(\.[a-z][a-zA-Z0-9]*)*(,[a-z][a-zA-Z0-9]*(\.[a-z][a-zA-Z0-9]*)*)*)?$";

pub(super) fn is_integer(kind: &Kind) -> bool {
    integer(kind).is_some()
}

/// Returns the name of the format, the range, and whether JSON output is text.
fn integer(kind: &Kind) -> Option<(&'static str, i128, i128, bool)> {
    let signed_32 = ("int32", i128::from(i32::MIN), i128::from(i32::MAX), false);
    let signed_64 = ("int64", i128::from(i64::MIN), i128::from(i64::MAX), true);
    let unsigned_32 = ("uint32", 0, i128::from(u32::MAX), false);
    let unsigned_64 = ("uint64", 0, i128::from(u64::MAX), true);
    Some(match kind {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => signed_32,
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => signed_64,
        Kind::Uint32 | Kind::Fixed32 => unsigned_32,
        Kind::Uint64 | Kind::Fixed64 => unsigned_64,
        Kind::Message(message) => match message.full_name() {
            "google.protobuf.Int32Value" => signed_32,
            "google.protobuf.Int64Value" => signed_64,
            "google.protobuf.UInt32Value" => unsigned_32,
            "google.protobuf.UInt64Value" => unsigned_64,
            _ => return None,
        },
        _ => return None,
    })
}

/// Returns the pattern of map keys that are not text. JSON writes them as text.
pub(super) fn key_pattern(kind: &Kind, rules: &FieldRules) -> String {
    match integer(kind) {
        Some((_, low, high, _)) => {
            let (low, high) = rule::bounds(rules, low, high);
            range::pattern(low, high)
        }
        None => "^(true|false)$".to_owned(),
    }
}

/// Returns the schema of a value that is not a message of the contract.
pub(super) fn bare(kind: &Kind, rules: &FieldRules, form: Form) -> Value {
    if let Some((format, low, high, quoted)) = integer(kind) {
        return integer_schema(rules, form, format, (low, high), quoted);
    }
    match kind {
        Kind::Double | Kind::Float => float_schema(kind, rules, form),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::String => json!({ "type": "string", "maxLength": MESSAGE_LIMIT }),
        Kind::Bytes => bytes_schema(rules),
        Kind::Enum(definition) => enum_schema(definition, rules, form),
        Kind::Message(message) => match message.full_name() {
            "google.protobuf.Timestamp" => {
                json!({ "type": "string", "format": "date-time", "maxLength": 35 })
            }
            "google.protobuf.Duration" => duration::schema(rules),
            "google.protobuf.FieldMask" => {
                json!({ "type": "string", "pattern": FIELD_MASK, "maxLength": MESSAGE_LIMIT })
            }
            "google.protobuf.Struct" => json!({ "type": "object", "additionalProperties": true }),
            "google.protobuf.ListValue" => {
                json!({ "type": "array", "items": {}, "maxItems": MESSAGE_LIMIT })
            }
            "google.protobuf.Value" => json!({}),
            "google.protobuf.DoubleValue" => float_schema(&Kind::Double, rules, form),
            "google.protobuf.FloatValue" => float_schema(&Kind::Float, rules, form),
            "google.protobuf.BoolValue" => json!({ "type": "boolean" }),
            "google.protobuf.StringValue" => {
                json!({ "type": "string", "maxLength": MESSAGE_LIMIT })
            }
            "google.protobuf.BytesValue" => bytes_schema(rules),
            _ => json!({ "type": "object" }),
        },
        _ => json!({}),
    }
}

fn integer_schema(
    rules: &FieldRules,
    form: Form,
    format: &str,
    range: (i128, i128),
    quoted: bool,
) -> Value {
    let (low, high) = rule::bounds(rules, range.0, range.1);
    let (low, high) = match rules.ignore {
        Ignore::IfZero => (low.min(0), high.max(0)),
        Ignore::Never | Ignore::Always => (low, high),
    };
    let number = |value: i128| match i64::try_from(value) {
        Ok(value) => json!(value),
        Err(_) => json!(u64::try_from(value).unwrap_or_default()),
    };
    let mut schema = Map::new();
    let kinds = match (form, quoted) {
        (Form::Text, _) | (Form::Json(Direction::Output), false) => json!("integer"),
        (Form::Json(Direction::Output), true) => json!("string"),
        (Form::Json(Direction::Input), true) => json!(["string", "integer"]),
        (Form::Json(Direction::Input), false) => json!(["integer", "string"]),
    };
    let is_text_too = kinds != json!("integer");
    let is_number_too = kinds != json!("string");
    schema.insert("type".to_owned(), kinds);
    schema.insert("format".to_owned(), json!(format));
    if is_number_too {
        schema.insert("minimum".to_owned(), number(low));
        schema.insert("maximum".to_owned(), number(high));
    }
    if is_text_too {
        schema.insert("pattern".to_owned(), json!(range::pattern(low, high)));
        schema.insert(
            "maxLength".to_owned(),
            json!(low.to_string().len().max(high.to_string().len())),
        );
    }
    // Lists each value in its one or two forms.
    let values = |literals: &[crate::rules::Literal]| -> Vec<Value> {
        literals
            .iter()
            .flat_map(|literal| {
                let text = literal.to_string();
                let number = text.parse::<i128>().map(number).ok();
                let mut forms = Vec::new();
                forms.extend(number.filter(|_| is_number_too));
                forms.extend(is_text_too.then(|| json!(text)));
                forms
            })
            .collect()
    };
    for rule in &rules.rules {
        match rule {
            Rule::Const(literal) => {
                let values = values(std::slice::from_ref(literal));
                schema.insert("enum".to_owned(), Value::Array(values));
            }
            Rule::In(literals) => {
                schema.insert("enum".to_owned(), Value::Array(values(literals)));
            }
            Rule::NotIn(literals) => {
                schema.insert("not".to_owned(), json!({ "enum": values(literals) }));
            }
            _ => {}
        }
    }
    Value::Object(schema)
}

fn float_schema(kind: &Kind, rules: &FieldRules, form: Form) -> Value {
    let is_single = *kind == Kind::Float;
    let bounded = rules
        .rules
        .iter()
        .any(|rule| !matches!(rule, Rule::NotIn(_)));
    let text = match form {
        Form::Text => None,
        Form::Json(_) if bounded => None,
        Form::Json(Direction::Output) => Some((INFINITE, 9)),
        Form::Json(Direction::Input) if is_single => Some((SINGLE_TEXT, 64)),
        Form::Json(Direction::Input) => Some((NUMBER_TEXT, 64)),
    };
    let mut schema = Map::new();
    schema.insert(
        "type".to_owned(),
        match text {
            None => json!("number"),
            Some(_) => json!(["number", "string"]),
        },
    );
    let format = if is_single { "float" } else { "double" };
    schema.insert("format".to_owned(), json!(format));
    if is_single {
        schema.insert("minimum".to_owned(), json!(f64::from(f32::MIN)));
        schema.insert("maximum".to_owned(), json!(f64::from(f32::MAX)));
    }
    if let Some((pattern, max_length)) = text {
        schema.insert("pattern".to_owned(), json!(pattern));
        schema.insert("maxLength".to_owned(), json!(max_length));
    }
    Value::Object(schema)
}

fn bytes_schema(rules: &FieldRules) -> Value {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("string"));
    schema.insert("format".to_owned(), json!("byte"));
    schema.insert("contentEncoding".to_owned(), json!("base64"));
    schema.insert("pattern".to_owned(), json!(BASE64));
    schema.insert("maxLength".to_owned(), json!(MESSAGE_LIMIT));
    for rule in &rules.rules {
        match rule {
            Rule::MinBytes(count) | Rule::Bytes(count) => {
                schema.insert("minLength".to_owned(), json!((count * 4).div_ceil(3)));
            }
            _ => {}
        }
        if let Rule::MaxBytes(count) | Rule::Bytes(count) = rule {
            schema.insert("maxLength".to_owned(), json!(count.div_ceil(3) * 4));
        }
    }
    Value::Object(schema)
}

fn enum_schema(definition: &EnumDescriptor, rules: &FieldRules, form: Form) -> Value {
    if definition.full_name() == "google.protobuf.NullValue" {
        return json!({ "type": "null" });
    }
    let allowed = |number: i32| {
        let listed = |literals: &[crate::rules::Literal]| {
            literals.contains(&crate::rules::Literal::Integer(i128::from(number)))
        };
        rules.rules.iter().all(|rule| match rule {
            Rule::In(literals) => listed(literals),
            Rule::NotIn(literals) => !listed(literals),
            Rule::Const(literal) => listed(std::slice::from_ref(literal)),
            _ => true,
        })
    };
    let values: Vec<_> = definition
        .values()
        .filter(|value| allowed(value.number()))
        .collect();
    let names: Vec<&str> = values.iter().map(|value| value.name()).collect();
    if form == Form::Json(Direction::Output) {
        return json!({ "type": "string", "enum": names });
    }
    let mut numbers: Vec<i32> = values.iter().map(|value| value.number()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let number = if rules.rules.is_empty() {
        json!({ "type": "integer", "format": "int32", "minimum": i32::MIN, "maximum": i32::MAX })
    } else {
        let low = numbers.first().copied().unwrap_or(i32::MIN);
        let high = numbers.last().copied().unwrap_or(i32::MAX);
        json!({ "type": "integer", "format": "int32", "minimum": low, "maximum": high, "enum": numbers })
    };
    json!({ "anyOf": [{ "type": "string", "enum": names }, number] })
}

/// Allows unknown numbers in an enum of a response.
pub(super) fn open_enum(schema: &mut Value) {
    for inner in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(inner) {
            return open_enum(inner);
        }
    }
    if schema.get("enum").is_some() {
        let number = json!({ "type": "integer", "format": "int32", "minimum": i32::MIN, "maximum": i32::MAX });
        *schema = json!({ "anyOf": [schema.take(), number] });
    }
}
