use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use super::{
    choice,
    path::{Part, segment_patterns},
    rule,
    scalar::{self, MESSAGE_LIMIT, SEGMENT_LIMIT, bare, is_integer, open_enum},
    schema_names,
};
use crate::{
    contract::Contract,
    generate::{Options, comment, in_order},
    rules::{FieldRules, Ignore, Rule},
};

/// The direction of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Direction {
    Input,
    Output,
}

/// The form of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Json(Direction),
    /// Text in a path or query.
    Text,
}

/// The schemas of messages. They are created when operations refer to them.
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
            names: schema_names::of(contract),
            both_ways: input.intersection(&output).cloned().collect(),
            made: BTreeMap::new(),
        }
    }

    pub(super) fn finish(self) -> Map<String, Value> {
        self.made.into_iter().collect()
    }

    /// Returns the name of a field in JSON output.
    pub(super) fn name(&self, field: &FieldDescriptor) -> String {
        if self.options.contract_names {
            field.name().to_owned()
        } else {
            field.json_name().to_owned()
        }
    }

    /// Returns a reference to the schema of a message.
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
            // Insert a placeholder first, because a message may contain itself.
            self.made.insert(name.clone(), Value::Null);
            let schema = self.object(message, direction, &[]);
            self.made.insert(name, schema);
        }
        reference
    }

    /// Returns a reference to the schema of a message without the fields of the path.
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
        if direction == Direction::Input {
            choice::apply(&mut schema, self.contract, message, without, |field| {
                self.name(field)
            });
        }
        Value::Object(schema)
    }

    /// Whether a request without the field is rejected.
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
            rule::rejects_default(&rules)
        }
    }

    /// Returns the schema of a field.
    pub(super) fn field(&mut self, field: &FieldDescriptor, direction: Direction) -> Value {
        let mut schema = self.value_schema(field, Form::Json(direction));
        if direction == Direction::Output && self.echoes_unknown_enum(field) {
            open_enum(&mut schema);
        }
        let nullable = direction == Direction::Input && !self.must_be_given(field);
        let schema = if nullable { or_null(schema) } else { schema };
        self.describe(field, schema)
    }

    /// Whether an unknown number can be received and returned. Enums are open unless a rule closes
    /// them.
    fn echoes_unknown_enum(&self, field: &FieldDescriptor) -> bool {
        let kind = match field.kind() {
            Kind::Message(entry) if field.is_map() => entry.map_entry_value_field().kind(),
            kind => kind,
        };
        let rules = self.contract.field_rules(field);
        let inner = if field.is_map() {
            rules.values.as_deref()
        } else {
            rules.items.as_deref()
        };
        let closed = inner.is_some_and(|inner| !inner.rules.is_empty())
            || (!field.is_list() && !field.is_map() && !rules.rules.is_empty());
        matches!(kind, Kind::Enum(_))
            && !closed
            && self.both_ways.contains(field.parent_message().full_name())
    }

    /// Returns the schema of a field as a query parameter.
    pub(super) fn query_text(&mut self, field: &FieldDescriptor) -> Value {
        let schema = self.value_schema(field, Form::Text);
        // An empty parameter counts as absent.
        let narrow = ["format", "pattern", "minLength", "enum", "const"];
        let is_narrow_text = schema.get("type") == Some(&json!("string"))
            && narrow.iter().any(|keyword| schema.get(keyword).is_some());
        if is_narrow_text {
            return json!({ "anyOf": [schema, { "const": "" }] });
        }
        schema
    }

    /// Returns the schema of a field as one path segment.
    pub(super) fn path_text(&self, field: &FieldDescriptor) -> Value {
        let rules = self.contract.field_rules(field);
        let mut schema = self.scalar(&field.kind(), &rules, Form::Text);
        if let Some(schema) = schema.as_object_mut()
            && schema.get("type") == Some(&json!("string"))
        {
            schema.entry("minLength").or_insert(json!(1));
            if schema.get("maxLength") == Some(&json!(MESSAGE_LIMIT)) {
                schema.insert("maxLength".to_owned(), json!(SEGMENT_LIMIT));
            }
        }
        schema
    }

    /// Returns the schema of one of several segments of a field, if a rule has a pattern for all of
    /// them.
    pub(super) fn path_part(&self, field: &FieldDescriptor, part: &Part) -> Option<Value> {
        let rules = self.contract.field_rules(field).rules;
        let patterns = rules.iter().find_map(|rule| match rule {
            Rule::Pattern(pattern) => segment_patterns(pattern, part.count),
            _ => None,
        })?;
        let pattern = patterns.get(part.index)?;
        Some(
            json!({ "type": "string", "minLength": 1, "maxLength": SEGMENT_LIMIT, "pattern": pattern }),
        )
    }

    fn value_schema(&mut self, field: &FieldDescriptor, form: Form) -> Value {
        let rules = self.contract.field_rules(field);
        if let (true, Kind::Message(entry)) = (field.is_map(), field.kind()) {
            let keys = rules.keys.as_deref().cloned().unwrap_or_default();
            let values = rules.values.as_deref().cloned().unwrap_or_default();
            let value = self.value(&entry.map_entry_value_field().kind(), &values, form);
            let mut schema = Map::new();
            schema.insert("type".to_owned(), json!("object"));
            let key = entry.map_entry_key_field().kind();
            if key != Kind::String {
                let pattern = scalar::key_pattern(&key, &keys);
                schema.insert("propertyNames".to_owned(), json!({ "pattern": pattern }));
            } else if !keys.rules.is_empty() {
                let names = self.scalar(&key, &keys, Form::Text);
                schema.insert("propertyNames".to_owned(), names);
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
        if let Some(text) = rule::rules_without_keyword(applied)
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

    fn describe(&self, field: &FieldDescriptor, schema: Value) -> Value {
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

fn or_null(schema: Value) -> Value {
    match schema {
        Value::Object(mut schema) => {
            let kinds = match schema.get("type") {
                Some(Value::String(kind)) => vec![json!(kind)],
                Some(Value::Array(kinds)) => kinds.clone(),
                _ if schema.is_empty() => return Value::Object(schema),
                _ => return json!({ "anyOf": [schema, { "type": "null" }] }),
            };
            // `enum` and `const` would reject null.
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
