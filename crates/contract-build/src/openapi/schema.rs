use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use super::{range, rule};
use crate::{
    contract::Contract,
    generate::{Options, comment},
    rules::{FieldRules, Ignore, Rule},
};

/// No message is larger than this by default, so no text in it is longer nor any list in it.
const MESSAGE_LIMIT: u64 = 4 * 1024 * 1024;

/// The longest segment of a path that the run time takes.
const SEGMENT_LIMIT: u64 = 1024;

/// A number in the grammar of JSON, as text.
const NUMBER_TEXT: &str =
    r"^(NaN|-?Infinity|-?(0|[1-9][0-9]{0,15})(\.[0-9]{1,16})?([eE][+-]?[0-9]{1,2})?)$";
const BASE64: &str = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}(==)?|[A-Za-z0-9+/]{3}=?)?$";
const FIELD_MASK: &str =
    r"^([a-z][a-zA-Z0-9]*(\.[a-z][a-zA-Z0-9]*)*(,[a-z][a-zA-Z0-9]*(\.[a-z][a-zA-Z0-9]*)*)*)?$";
const DURATION: &str = r"^-?[0-9]{1,11}(\.[0-9]{1,9})?s$";

/// Which way a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Direction {
    Input,
    Output,
}

/// The form of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json(Direction),
    /// In a path or query.
    Text,
}

/// The schemas of messages, made as they are referred to.
pub(super) struct Schemas<'a> {
    contract: &'a Contract,
    options: &'a Options,
    names: BTreeMap<String, String>,
    both_ways: BTreeSet<String>,
    made: BTreeMap<String, Value>,
}

impl<'a> Schemas<'a> {
    pub(super) fn new(contract: &'a Contract, options: &'a Options) -> Self {
        let mut input = BTreeSet::new();
        let mut output = BTreeSet::new();
        for method in contract
            .services
            .iter()
            .flat_map(|service| &service.methods)
        {
            if !method.bindings.is_empty() {
                reach(&method.descriptor.input(), &mut input);
                reach(&method.descriptor.output(), &mut output);
            }
        }
        Self {
            contract,
            options,
            names: short_names(contract),
            both_ways: input.intersection(&output).cloned().collect(),
            made: BTreeMap::new(),
        }
    }

    pub(super) fn finish(self) -> Map<String, Value> {
        self.made.into_iter().collect()
    }

    /// The name of a field in JSON that is written.
    pub(super) fn name(&self, field: &FieldDescriptor) -> String {
        if self.options.contract_names {
            field.name().to_owned()
        } else {
            field.json_name().to_owned()
        }
    }

    /// A reference to the schema of a message.
    pub(super) fn message(&mut self, message: &MessageDescriptor, direction: Direction) -> Value {
        if message.package_name() == "google.protobuf" {
            return json!({ "type": "object", "maxProperties": 0 });
        }
        let mut name = self
            .names
            .get(message.full_name())
            .cloned()
            .unwrap_or_else(|| message.full_name().to_owned());
        if direction == Direction::Input && self.both_ways.contains(message.full_name()) {
            name.push_str("Input");
        }
        let reference = json!({ "$ref": format!("#/components/schemas/{name}") });
        if !self.made.contains_key(&name) {
            // A placeholder first: a message may hold itself.
            self.made.insert(name.clone(), Value::Null);
            let schema = self.object(message, direction, &[]);
            self.made.insert(name, schema);
        }
        reference
    }

    /// A reference to the schema of a message without the fields that the path gives.
    pub(super) fn body(
        &mut self,
        message: &MessageDescriptor,
        without: &[&str],
        name: &str,
    ) -> Value {
        let schema = self.object(message, Direction::Input, without);
        self.made.insert(name.to_owned(), schema);
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    fn object(
        &mut self,
        message: &MessageDescriptor,
        direction: Direction,
        without: &[&str],
    ) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in in_order(message) {
            if without.contains(&field.name()) {
                continue;
            }
            let name = self.name(&field);
            let always_there = match direction {
                Direction::Input => self.must_be_given(&field),
                Direction::Output => {
                    self.options.write_defaults
                        && (field.is_list() || field.is_map() || !field.supports_presence())
                }
            };
            if always_there {
                required.push(json!(name));
            }
            let schema = self.field(&field, direction);
            properties.insert(name, schema);
        }
        let mut schema = Map::new();
        schema.insert("type".to_owned(), json!("object"));
        let description = comment(&message.parent_file(), message.path());
        if !description.is_empty() {
            schema.insert("description".to_owned(), json!(description));
        }
        if !required.is_empty() {
            schema.insert("required".to_owned(), Value::Array(required));
        }
        schema.insert("properties".to_owned(), Value::Object(properties));
        Value::Object(schema)
    }

    /// Whether a request without the field is refused.
    pub(super) fn must_be_given(&self, field: &FieldDescriptor) -> bool {
        let rules = self.contract.field_rules(field);
        if field
            .containing_oneof()
            .is_some_and(|oneof| !oneof.is_synthetic())
        {
            return rules.required && rules.ignore != Ignore::Always;
        }
        if field.supports_presence() {
            rules.required && rules.ignore != Ignore::Always
        } else {
            rule::refuses_default(&rules)
        }
    }

    /// The schema of a field.
    pub(super) fn field(&mut self, field: &FieldDescriptor, direction: Direction) -> Value {
        let schema = self.shaped(field, Form::Json(direction));
        let nullable = direction == Direction::Input && !self.must_be_given(field);
        let schema = if nullable { or_null(schema) } else { schema };
        self.described(field, schema)
    }

    /// The schema of a field as a query parameter.
    pub(super) fn query_text(&mut self, field: &FieldDescriptor) -> Value {
        let schema = self.shaped(field, Form::Text);
        // An empty parameter is as if it were not there.
        let narrow = ["format", "pattern", "minLength", "enum", "const"];
        let is_narrow_text = schema.get("type") == Some(&json!("string"))
            && narrow.iter().any(|keyword| schema.get(keyword).is_some());
        if is_narrow_text {
            return json!({ "anyOf": [schema, { "const": "" }] });
        }
        schema
    }

    /// The schema of a field as one segment of a path.
    pub(super) fn path_text(&self, field: &FieldDescriptor) -> Value {
        let rules = self.contract.field_rules(field);
        let mut schema = self.scalar(&field.kind(), &rules, Form::Text);
        if let Some(schema) = schema.as_object_mut()
            && schema.get("type") == Some(&json!("string"))
            && !schema.contains_key("pattern")
            && !schema.contains_key("format")
        {
            schema.entry("minLength").or_insert(json!(1));
            if schema.get("maxLength") == Some(&json!(MESSAGE_LIMIT)) {
                schema.insert("maxLength".to_owned(), json!(SEGMENT_LIMIT));
            }
            schema.insert("pattern".to_owned(), json!("^[^/?#]+$"));
        }
        schema
    }

    fn shaped(&mut self, field: &FieldDescriptor, form: Form) -> Value {
        let rules = self.contract.field_rules(field);
        if let (true, Kind::Message(entry)) = (field.is_map(), field.kind()) {
            let keys = rules.keys.as_deref().cloned().unwrap_or_default();
            let values = rules.values.as_deref().cloned().unwrap_or_default();
            let key = self.scalar(&entry.map_entry_key_field().kind(), &keys, Form::Text);
            let value = self.value(&entry.map_entry_value_field().kind(), &values, form);
            let mut schema = Map::new();
            schema.insert("type".to_owned(), json!("object"));
            if entry.map_entry_key_field().kind() != Kind::String {
                let pattern =
                    key.get("pattern")
                        .cloned()
                        .unwrap_or_else(|| match key.get("type") {
                            Some(kind) if kind == "boolean" => json!("^(true|false)$"),
                            _ => json!("^-?[0-9]{1,20}$"),
                        });
                schema.insert("propertyNames".to_owned(), json!({ "pattern": pattern }));
            }
            schema.insert("additionalProperties".to_owned(), value);
            rule::apply(&mut schema, &rules);
            return Value::Object(schema);
        }
        if field.is_list() {
            let items = rules.items.as_deref().cloned().unwrap_or_default();
            let items = self.value(&field.kind(), &items, form);
            let mut schema = Map::new();
            schema.insert("type".to_owned(), json!("array"));
            schema.insert("items".to_owned(), items);
            schema.insert("maxItems".to_owned(), json!(MESSAGE_LIMIT));
            rule::apply(&mut schema, &rules);
            return Value::Object(schema);
        }
        self.value(&field.kind(), &rules, form)
    }

    fn value(&mut self, kind: &Kind, rules: &FieldRules, form: Form) -> Value {
        match (kind, form) {
            (Kind::Message(message), Form::Json(direction))
                if message.package_name() != "google.protobuf" =>
            {
                self.message(message, direction)
            }
            _ => self.scalar(kind, rules, form),
        }
    }

    fn scalar(&self, kind: &Kind, rules: &FieldRules, form: Form) -> Value {
        let none = FieldRules::default();
        let applied = if rules.ignore == Ignore::Always {
            &none
        } else {
            rules
        };
        let mut schema = bare(kind, applied, form);
        if let Some(schema) = schema.as_object_mut()
            && !schema.contains_key("anyOf")
            && !is_integer(kind)
        {
            let mut with_rules = schema.clone();
            rule::apply(&mut with_rules, applied);
            *schema = with_rules;
        }
        if let Some(text) = rule::unsaid(applied)
            && let Some(schema) = schema.as_object_mut()
        {
            schema.insert("description".to_owned(), json!(text));
        }
        match rules.ignore {
            Ignore::IfZero if !applied.rules.is_empty() => match kind {
                Kind::String | Kind::Bytes => json!({ "anyOf": [schema, { "const": "" }] }),
                _ => schema,
            },
            _ => schema,
        }
    }

    fn described(&self, field: &FieldDescriptor, schema: Value) -> Value {
        let text = comment(&field.parent_file(), field.path());
        if text.is_empty() {
            return schema;
        }
        match schema {
            Value::Object(mut schema) => {
                let text = match schema.get("description").and_then(Value::as_str) {
                    Some(rule) => format!("{text}\n\n{rule}"),
                    None => text,
                };
                schema.insert("description".to_owned(), json!(text));
                Value::Object(schema)
            }
            other => other,
        }
    }
}

/// The fields as the contract lists them.
pub(super) fn in_order(message: &MessageDescriptor) -> Vec<FieldDescriptor> {
    let mut fields: Vec<FieldDescriptor> = message.fields().collect();
    fields.sort_by_key(|field| field.path().last().copied());
    fields
}

fn reach(message: &MessageDescriptor, found: &mut BTreeSet<String>) {
    if !found.insert(message.full_name().to_owned()) {
        return;
    }
    for field in message.fields() {
        if let Kind::Message(inner) = field.kind() {
            reach(&inner, found);
        }
    }
}

/// The name behind the package, or the whole name where two packages have the same.
fn short_names(contract: &Contract) -> BTreeMap<String, String> {
    let short = |message: &MessageDescriptor| {
        let local = message
            .full_name()
            .strip_prefix(message.package_name())
            .unwrap_or(message.full_name());
        local.replace('.', "")
    };
    contract
        .messages
        .iter()
        .map(|message| {
            let name = short(message);
            let taken = contract
                .messages
                .iter()
                .filter(|other| short(other) == name)
                .count()
                > 1;
            let name = if taken {
                message.full_name().to_owned()
            } else {
                name
            };
            (message.full_name().to_owned(), name)
        })
        .collect()
}

fn or_null(schema: Value) -> Value {
    match schema {
        Value::Object(mut schema) => {
            let kinds = match schema.get("type") {
                Some(Value::String(kind)) => vec![json!(kind)],
                Some(Value::Array(kinds)) => kinds.clone(),
                _ if schema.is_empty() => return Value::Object(schema),
                _ => return json!({ "anyOf": [schema, { "type": "null" }] }),
            };
            // `enum` and `const` would refuse the null again.
            if schema.contains_key("enum") || schema.contains_key("const") {
                return json!({ "anyOf": [schema, { "type": "null" }] });
            }
            let mut kinds = kinds;
            if !kinds.contains(&json!("null")) {
                kinds.push(json!("null"));
            }
            schema.insert("type".to_owned(), Value::Array(kinds));
            Value::Object(schema)
        }
        other => other,
    }
}

fn is_integer(kind: &Kind) -> bool {
    integer(kind).is_some()
}

/// The name of the format, the range and whether JSON writes it as text.
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

fn bare(kind: &Kind, rules: &FieldRules, form: Form) -> Value {
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
            "google.protobuf.Duration" => {
                json!({ "type": "string", "pattern": DURATION, "maxLength": 24, "examples": ["1.5s"] })
            }
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
    // Each value in the form, or the two forms, that it has.
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
    let format = if *kind == Kind::Float {
        "float"
    } else {
        "double"
    };
    let bounded = rules
        .rules
        .iter()
        .any(|rule| !matches!(rule, Rule::NotIn(_)));
    if bounded || form == Form::Text {
        return json!({ "type": "number", "format": format });
    }
    match form {
        Form::Json(Direction::Input) => {
            json!({ "type": ["number", "string"], "format": format, "pattern": NUMBER_TEXT, "maxLength": 64 })
        }
        _ => {
            json!({ "type": ["number", "string"], "format": format, "pattern": "^(NaN|-?Infinity)$", "maxLength": 9 })
        }
    }
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
