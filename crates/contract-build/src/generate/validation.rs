//! The validation of messages, which calls the checks of each field. `rule_checks` generates the
//! checks.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::{
    Scope,
    field::{Shape, kind, variant},
    rule_checks::rule_checks,
};
use crate::{
    names,
    rules::{FieldRules, Ignore},
};

/// Generates the validation of a message.
pub(super) fn message(scope: &Scope<'_>, message: &MessageDescriptor) -> String {
    let runtime = scope.runtime();
    let path = scope.message_path(message);
    let mut checks = String::new();
    let rules = scope.contract.message_rules(message);
    if !rules.disabled {
        for field in message.fields() {
            checks.push_str(&field_checks(scope, &field));
        }
        for oneof in message.oneofs() {
            if scope.contract.is_required_oneof(&oneof) {
                checks.push_str(&format!(
                    "if self.{}.is_none() {{ violations.add_rule_to(&{runtime}::Field {{ proto: {1:?}, json: {1:?} }}, \"one of its fields must be given\"); }}",
                    names::snake(oneof.name()),
                    oneof.name(),
                ));
            }
        }
        for oneof in &rules.oneofs {
            checks.push_str(&message_oneof(
                scope,
                message,
                &oneof.fields,
                oneof.required,
            ));
        }
    }
    let violations = if checks.is_empty() {
        "_violations"
    } else {
        "violations"
    };
    format!(
        "impl {runtime}::Validate for {path} {{
            fn validate(&self, {violations}: &mut {runtime}::Violations) {{ {checks} }}
        }}\n"
    )
}

fn message_oneof(
    scope: &Scope<'_>,
    message: &MessageDescriptor,
    fields: &[String],
    required: bool,
) -> String {
    let given: Vec<String> = fields
        .iter()
        .filter_map(|name| message.get_field_by_name(name))
        .map(|field| format!("usize::from({})", is_given(scope, &field)))
        .collect();
    let names = fields.join(", ");
    let mut code = format!(
        "{{ let given = {}; if given > 1 {{ violations.add_rule(\"at most one may be given of {names}\"); }}",
        given.join(" + ")
    );
    if required {
        code.push_str(&format!(
            " if given == 0 {{ violations.add_rule(\"one must be given of {names}\"); }}"
        ));
    }
    code.push('}');
    code
}

fn is_given(scope: &Scope<'_>, field: &FieldDescriptor) -> String {
    let name = names::snake(field.name());
    match Shape::of(field) {
        Shape::Plain => format!(
            "!{}",
            is_default(scope, &field.kind(), &format!("&self.{name}"))
        ),
        Shape::Optional => format!("self.{name}.is_some()"),
        Shape::List | Shape::Map => format!("!self.{name}.is_empty()"),
        Shape::Oneof(oneof) => format!(
            "matches!(self.{}, Some({}(_)))",
            names::snake(oneof.name()),
            variant(scope, field, &oneof)
        ),
    }
}

fn is_default(scope: &Scope<'_>, of: &Kind, value: &str) -> String {
    format!(
        "<{} as {}::json::Kind>::is_default({value})",
        kind(scope, of),
        scope.runtime()
    )
}

fn field_checks(scope: &Scope<'_>, field: &FieldDescriptor) -> String {
    let rules = scope.contract.field_rules(field);
    if rules.ignore == Ignore::Always {
        return String::new();
    }
    let name = names::snake(field.name());
    let constant = scope.field_constant(field);
    let missing = "violations.add_rule(\"must be given\");";
    let if_zero = rules.ignore == Ignore::IfZero;
    let inner = match Shape::of(field) {
        Shape::Plain => {
            let checks = value_checks(scope, &field.kind(), &rules);
            let zero = is_default(scope, &field.kind(), "value");
            let checks = match (rules.required, if_zero) {
                (true, _) => format!("if {zero} {{ {missing} }} else {{ {checks} }}"),
                (false, true) if !checks.is_empty() => format!("if !{zero} {{ {checks} }}"),
                _ => checks,
            };
            within(&checks, &format!("let value = &self.{name};"))
        }
        shape @ (Shape::Optional | Shape::Oneof(_)) => {
            let checks = value_checks(scope, &field.kind(), &rules);
            let checks = if if_zero && !checks.is_empty() {
                format!(
                    "if !{} {{ {checks} }}",
                    is_default(scope, &field.kind(), "value")
                )
            } else {
                checks
            };
            let otherwise = if rules.required { missing } else { "" };
            let pattern = match &shape {
                Shape::Oneof(oneof) => format!(
                    "if let Some({}(value)) = &self.{}",
                    variant(scope, field, oneof),
                    names::snake(oneof.name())
                ),
                _ => format!("if let Some(value) = &self.{name}"),
            };
            match (checks.is_empty(), otherwise.is_empty()) {
                (true, true) => String::new(),
                (true, false) => format!("if !{} {{ {otherwise} }}", is_given(scope, field)),
                (false, true) => format!("{pattern} {{ {checks} }}"),
                (false, false) => format!("{pattern} {{ {checks} }} else {{ {otherwise} }}"),
            }
        }
        Shape::List => {
            let checks = rule_checks(scope, &rules.rules, &field.kind());
            let body = value_checks_of(scope, &field.kind(), rules.items.as_deref());
            let each = if body.is_empty() {
                body
            } else {
                format!(
                    "for (index, value) in self.{name}.iter().enumerate() {{ violations.within_index(index, |violations| {{ {body} }}); }}"
                )
            };
            collection(&name, &checks, &each, rules.required, if_zero, missing)
        }
        Shape::Map => {
            let checks = rule_checks(scope, &rules.rules, &field.kind());
            let each = map_checks(scope, field, &rules, &name);
            collection(&name, &checks, &each, rules.required, if_zero, missing)
        }
    };
    if inner.is_empty() {
        inner
    } else {
        format!("violations.within(&{constant}, |violations| {{ {inner} }});")
    }
}

fn within(checks: &str, before: &str) -> String {
    if checks.is_empty() {
        String::new()
    } else {
        format!("{before} {checks}")
    }
}

fn collection(
    name: &str,
    checks: &str,
    each: &str,
    required: bool,
    if_zero: bool,
    missing: &str,
) -> String {
    let checks = within(checks, &format!("let value = &self.{name};"));
    let all = format!("{checks} {each}");
    let all = all.trim();
    if required {
        format!("if self.{name}.is_empty() {{ {missing} }} else {{ {all} }}")
    } else if if_zero && !all.is_empty() {
        format!("if !self.{name}.is_empty() {{ {all} }}")
    } else {
        all.to_owned()
    }
}

fn map_checks(
    scope: &Scope<'_>,
    field: &FieldDescriptor,
    rules: &FieldRules,
    name: &str,
) -> String {
    let Kind::Message(entry) = field.kind() else {
        return String::new();
    };
    let key_kind = entry.map_entry_key_field().kind();
    let value_kind = entry.map_entry_value_field().kind();
    let keys = value_checks_of(scope, &key_kind, rules.keys.as_deref());
    let values = value_checks_of(scope, &value_kind, rules.values.as_deref());
    if keys.is_empty() && values.is_empty() {
        return String::new();
    }
    let keys = within(&keys, "let value = key;");
    let value = if values.is_empty() { "_" } else { "value" };
    format!(
        "for (key, {value}) in &self.{name} {{ violations.within_key(key.to_string(), |violations| {{ {values} {keys} }}); }}"
    )
}

fn value_checks_of(scope: &Scope<'_>, kind: &Kind, rules: Option<&FieldRules>) -> String {
    let none = FieldRules::default();
    let rules = rules.unwrap_or(&none);
    match rules.ignore {
        Ignore::Always => String::new(),
        Ignore::Never => value_checks(scope, kind, rules),
        Ignore::IfZero => {
            let checks = value_checks(scope, kind, rules);
            if checks.is_empty() {
                checks
            } else {
                format!("if !{} {{ {checks} }}", is_default(scope, kind, "value"))
            }
        }
    }
}

/// Generates the checks of one value, and of the values in it.
fn value_checks(scope: &Scope<'_>, kind: &Kind, rules: &FieldRules) -> String {
    let mut checks = rule_checks(scope, &rules.rules, kind);
    if let Kind::Message(message) = kind
        && scope.contract.has_rules(message)
    {
        checks.push_str(&format!(
            "{}::Validate::validate(value, violations);",
            scope.runtime()
        ));
    }
    checks
}
