//! Reads `validate.rules` (the older dialect) and `buf.validate` from the options of a definition.
//! The dialects have nearly the same names. A rule that this file or the runtime crate does not
//! support is an error with its location.

use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, OneofDescriptor, Value,
};

use super::{
    FieldRules, Format, Ignore, Literal, MessageOneof, MessageRules, Rule,
    literal::{literal, literals},
    target::Target,
};
use crate::diagnostic::{Diagnostics, Location};

const OLDER: &str = "validate.rules";
const OLDER_DISABLED: &str = "validate.disabled";
const OLDER_IGNORED: &str = "validate.ignored";
const OLDER_REQUIRED: &str = "validate.required";
const BUF_FIELD: &str = "buf.validate.field";
const BUF_MESSAGE: &str = "buf.validate.message";
const BUF_ONEOF: &str = "buf.validate.oneof";

/// Returns the rules of a field, of both dialects together.
pub(crate) fn read_field(field: &FieldDescriptor, diagnostics: &mut Diagnostics) -> FieldRules {
    let file = field.parent_file();
    let mut reader = Reader {
        location: Location::of(&file, field.path()),
        diagnostics,
    };
    let options = field.options();
    let mut rules = FieldRules::default();
    for name in [OLDER, BUF_FIELD] {
        if let Some(Value::Message(message)) = extension(&options, name) {
            reader.field(&message, &Target::of(field), &mut rules);
        }
    }
    rules
}

/// Returns the rules of a whole message.
pub(crate) fn read_message(
    message: &MessageDescriptor,
    diagnostics: &mut Diagnostics,
) -> MessageRules {
    let location = Location::of(&message.parent_file(), message.path());
    let options = message.options();
    let mut rules = MessageRules::default();
    for name in [OLDER_DISABLED, OLDER_IGNORED] {
        rules.disabled |= extension(&options, name) == Some(Value::Bool(true));
    }
    let Some(Value::Message(read)) = extension(&options, BUF_MESSAGE) else {
        return rules;
    };
    for (member, value) in read.fields() {
        match (member.name(), value) {
            ("disabled", Value::Bool(disabled)) => rules.disabled |= *disabled,
            ("oneof", Value::List(oneofs)) => {
                for oneof in oneofs.iter().filter_map(Value::as_message) {
                    let fields: Vec<String> = texts(oneof, "fields");
                    for field in &fields {
                        if message.get_field_by_name(field).is_none() {
                            diagnostics.add(
                                location.clone(),
                                format!(
                                    "the rule oneof names `{field}`, which is not a field of `{}`",
                                    message.name()
                                ),
                            );
                        }
                    }
                    let required = oneof
                        .get_field_by_name("required")
                        .is_some_and(|value| value.as_bool() == Some(true));
                    rules.oneofs.push(MessageOneof { fields, required });
                }
            }
            (name, _) => unsupported(&location, name, diagnostics),
        }
    }
    rules
}

/// Whether one member of a oneof is required.
pub(crate) fn read_oneof(oneof: &OneofDescriptor) -> bool {
    let options = oneof.options();
    if extension(&options, OLDER_REQUIRED) == Some(Value::Bool(true)) {
        return true;
    }
    matches!(
        extension(&options, BUF_ONEOF),
        Some(Value::Message(rules))
            if rules.get_field_by_name("required").is_some_and(|value| value.as_bool() == Some(true))
    )
}

fn extension(options: &DynamicMessage, name: &str) -> Option<Value> {
    options
        .extensions()
        .find(|(extension, _)| extension.full_name() == name)
        .map(|(_, value)| value.clone())
}

fn texts(message: &DynamicMessage, name: &str) -> Vec<String> {
    message
        .get_field_by_name(name)
        .and_then(|value| {
            value.as_list().map(|list| {
                list.iter()
                    .filter_map(|item| item.as_str().map(str::to_owned))
                    .collect()
            })
        })
        .unwrap_or_default()
}

fn unsupported(location: &Location, rule: &str, diagnostics: &mut Diagnostics) {
    diagnostics.add(
        location.clone(),
        format!(
            "the validation rule `{rule}` is not supported: check it in the implementation, and remove it from the contract"
        ),
    );
}

struct Reader<'a> {
    location: Location,
    diagnostics: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn field(&mut self, read: &DynamicMessage, target: &Target, rules: &mut FieldRules) {
        for (member, value) in read.fields() {
            match (member.name(), value) {
                ("required", Value::Bool(required)) => {
                    if target.element {
                        self.report_unsupported("required on an element");
                    }
                    rules.required |= *required;
                }
                ("ignore", Value::EnumNumber(ignore)) => {
                    rules.ignore = match ignore {
                        0 => Ignore::Never,
                        3 => Ignore::Always,
                        _ => Ignore::IfZero,
                    };
                }
                ("message", Value::Message(group)) if target.is_message() => {
                    self.message(group, rules);
                }
                (name, Value::Message(group)) => {
                    if target.group() == name {
                        self.group(name, group, target, rules);
                    } else {
                        self.problem(format!(
                            "`{name}` rules on a field that takes `{}` rules",
                            target.group()
                        ));
                    }
                }
                (name, _) => self.report_unsupported(name),
            }
        }
        let inverted = bounds_are_inverted(&rules.rules);
        if inverted {
            self.report_unsupported("a lower bound above the upper one");
        }
    }

    fn message(&mut self, group: &DynamicMessage, rules: &mut FieldRules) {
        for (member, value) in group.fields() {
            match (member.name(), value) {
                ("skip", Value::Bool(true)) => rules.ignore = Ignore::Always,
                ("required", Value::Bool(required)) => rules.required |= *required,
                (_, Value::Bool(false)) => {}
                (name, _) => self.report_unsupported(name),
            }
        }
    }

    fn group(
        &mut self,
        group: &str,
        read: &DynamicMessage,
        target: &Target,
        rules: &mut FieldRules,
    ) {
        for (member, value) in read.fields() {
            match (member.name(), value) {
                ("example", _) | ("strict", Value::Bool(true)) => {}
                ("ignore_empty", Value::Bool(ignore)) => {
                    if *ignore {
                        rules.ignore = Ignore::IfZero;
                    }
                }
                ("required", Value::Bool(required)) => rules.required |= *required,
                ("items", Value::Message(inner)) => {
                    rules.items = Some(self.inner(inner, target.kind.clone()));
                }
                ("keys", Value::Message(inner)) => {
                    if let Some((key, _)) = &target.map {
                        rules.keys = Some(self.inner(inner, key.clone()));
                    }
                }
                ("values", Value::Message(inner)) => {
                    if let Some((_, kind)) = &target.map {
                        rules.values = Some(self.inner(inner, kind.clone()));
                    }
                }
                (name, value) => match rule(group, name, value) {
                    Ok(Some(Rule::Pattern(pattern))) => match regex::Regex::new(&pattern) {
                        Ok(_) => rules.rules.push(Rule::Pattern(pattern)),
                        Err(error) => self.problem(format!("the pattern cannot be used: {error}")),
                    },
                    Ok(Some(Rule::Unique))
                        if matches!(target.kind, Kind::Message(_) | Kind::Double | Kind::Float) =>
                    {
                        self.report_unsupported("unique on floats and messages");
                    }
                    Ok(Some(rule)) => rules.rules.push(rule),
                    Ok(None) => {}
                    Err(()) => self.report_unsupported(&format!("{group}.{name}")),
                },
            }
        }
    }

    fn inner(&mut self, read: &DynamicMessage, kind: Kind) -> Box<FieldRules> {
        let mut rules = FieldRules::default();
        self.field(read, &Target::element(kind), &mut rules);
        Box::new(rules)
    }

    fn report_unsupported(&mut self, rule: &str) {
        unsupported(&self.location, rule, self.diagnostics);
    }

    fn problem(&mut self, message: String) {
        self.diagnostics.add(self.location.clone(), message);
    }
}

/// Returns the rule. `None` if it is switched off, an error if it is not supported.
fn rule(group: &str, name: &str, value: &Value) -> Result<Option<Rule>, ()> {
    if let Value::Bool(false) = value
        && !matches!(name, "const" | "strict")
    {
        return Ok(None);
    }
    let in_bytes = group == "bytes";
    let rule = match (name, value) {
        ("const", value) => Rule::Const(literal(value).ok_or(())?),
        ("lt", value) => Rule::LessThan(literal(value).ok_or(())?),
        ("lte", value) => Rule::AtMost(literal(value).ok_or(())?),
        ("gt", value) => Rule::GreaterThan(literal(value).ok_or(())?),
        ("gte", value) => Rule::AtLeast(literal(value).ok_or(())?),
        ("in", Value::List(values)) => Rule::In(literals(values)?),
        ("not_in", Value::List(values)) => Rule::NotIn(literals(values)?),
        ("finite", _) => Rule::Finite,
        ("len", Value::U64(count)) if in_bytes => Rule::Bytes(*count),
        ("min_len", Value::U64(count)) if in_bytes => Rule::MinBytes(*count),
        ("max_len", Value::U64(count)) if in_bytes => Rule::MaxBytes(*count),
        ("len", Value::U64(count)) => Rule::Length(*count),
        ("min_len", Value::U64(count)) => Rule::MinLength(*count),
        ("max_len", Value::U64(count)) => Rule::MaxLength(*count),
        ("len_bytes", Value::U64(count)) => Rule::Bytes(*count),
        ("min_bytes", Value::U64(count)) => Rule::MinBytes(*count),
        ("max_bytes", Value::U64(count)) => Rule::MaxBytes(*count),
        ("pattern", Value::String(pattern)) if !in_bytes => Rule::Pattern(pattern.clone()),
        ("prefix", value) => Rule::Prefix(literal(value).ok_or(())?),
        ("suffix", value) => Rule::Suffix(literal(value).ok_or(())?),
        ("contains", value) => Rule::Contains(literal(value).ok_or(())?),
        ("not_contains", value) => Rule::NotContains(literal(value).ok_or(())?),
        ("defined_only", _) => Rule::DefinedOnly,
        ("min_items", Value::U64(count)) => Rule::MinItems(*count),
        ("max_items", Value::U64(count)) => Rule::MaxItems(*count),
        ("unique", _) => Rule::Unique,
        ("min_pairs", Value::U64(count)) => Rule::MinPairs(*count),
        ("max_pairs", Value::U64(count)) => Rule::MaxPairs(*count),
        ("lt_now", _) => Rule::InThePast,
        ("gt_now", _) => Rule::InTheFuture,
        ("within", value) => match literal(value) {
            Some(Literal::Duration(nanos)) => Rule::WithinNow(nanos),
            _ => return Err(()),
        },
        ("well_known_regex", Value::EnumNumber(0)) => return Ok(None),
        ("well_known_regex", Value::EnumNumber(1)) => Rule::Format(Format::HeaderName),
        ("well_known_regex", Value::EnumNumber(2)) => Rule::Format(Format::HeaderValue),
        (name, Value::Bool(true)) => Rule::Format(format(name, in_bytes).ok_or(())?),
        _ => return Err(()),
    };
    Ok(Some(rule))
}

fn format(name: &str, in_bytes: bool) -> Option<Format> {
    Some(match (name, in_bytes) {
        ("ip", true) => Format::IpBytes,
        ("ipv4", true) => Format::Ipv4Bytes,
        ("ipv6", true) => Format::Ipv6Bytes,
        ("uuid", true) => Format::UuidBytes,
        ("email", false) => Format::Email,
        ("hostname", false) => Format::Hostname,
        ("ip", false) => Format::Ip,
        ("ipv4", false) => Format::Ipv4,
        ("ipv6", false) => Format::Ipv6,
        ("uri", false) => Format::Uri,
        ("uri_ref", false) => Format::UriReference,
        ("address", false) => Format::Address,
        ("uuid", false) => Format::Uuid,
        ("tuuid", false) => Format::TrimmedUuid,
        ("ulid", false) => Format::Ulid,
        ("host_and_port", false) => Format::HostAndPort,
        ("ip_with_prefixlen", false) => Format::IpWithPrefix,
        ("ipv4_with_prefixlen", false) => Format::Ipv4WithPrefix,
        ("ipv6_with_prefixlen", false) => Format::Ipv6WithPrefix,
        ("ip_prefix", false) => Format::IpPrefix,
        ("ipv4_prefix", false) => Format::Ipv4Prefix,
        ("ipv6_prefix", false) => Format::Ipv6Prefix,
        _ => return None,
    })
}

/// Both dialects read `gt: 10, lt: 5` as "outside of 5 to 10", which is nearly always a mistake.
fn bounds_are_inverted(rules: &[Rule]) -> bool {
    let lower = rules.iter().find_map(|rule| match rule {
        Rule::GreaterThan(value) | Rule::AtLeast(value) => value.order(),
        _ => None,
    });
    let upper = rules.iter().find_map(|rule| match rule {
        Rule::LessThan(value) | Rule::AtMost(value) => value.order(),
        _ => None,
    });
    matches!((lower, upper), (Some(lower), Some(upper)) if lower > upper)
}
