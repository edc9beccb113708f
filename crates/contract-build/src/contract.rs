//! A contract that was read and checked. The generators use it.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{
    FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, OneofDescriptor, Syntax,
};

use crate::{
    Access, BuildError,
    access::Declarations,
    diagnostic::{Diagnostics, Location},
    http_rule::{Binding, read_bindings},
    required_flag::{self, RequiredFlag},
    rules::{FieldRules, MessageRules, read_field, read_message, read_oneof},
    source::Source,
};

/// The name of the only message that needs a registry of types for JSON.
const ANY: &str = "google.protobuf.Any";

pub(crate) struct Contract {
    pub(crate) messages: Vec<MessageDescriptor>,
    pub(crate) services: Vec<Service>,
    fields: BTreeMap<String, FieldRules>,
    message_rules: BTreeMap<String, MessageRules>,
    required_oneofs: BTreeSet<String>,
    with_rules: BTreeSet<String>,
    without_json: BTreeSet<String>,
}

pub(crate) struct Service {
    pub(crate) descriptor: prost_reflect::ServiceDescriptor,
    pub(crate) methods: Vec<Method>,
}

pub(crate) struct Method {
    pub(crate) descriptor: MethodDescriptor,
    pub(crate) bindings: Vec<Binding>,
    pub(crate) access: Access,
    pub(crate) flag: Option<RequiredFlag>,
}

impl Service {
    pub(crate) fn package(&self) -> &str {
        self.descriptor.package_name()
    }
}

impl Contract {
    /// Reads a contract. `declared` contains the access that its `.proto` does not declare.
    pub(crate) fn read(source: &Source, declared: &[(String, Access)]) -> Result<Self, BuildError> {
        let mut diagnostics = Diagnostics::default();
        let mut access = Declarations::new(declared, &mut diagnostics);
        for file in source.files() {
            if file.syntax() != Syntax::Proto3 {
                diagnostics.add(Location::of(&file, &[]), "only proto3 is supported");
            }
        }
        let messages: Vec<MessageDescriptor> = source.messages().collect();
        let mut contract = Self {
            services: Vec::new(),
            fields: BTreeMap::new(),
            message_rules: BTreeMap::new(),
            required_oneofs: BTreeSet::new(),
            with_rules: BTreeSet::new(),
            without_json: BTreeSet::new(),
            messages,
        };
        contract.read_rules(&mut diagnostics);
        contract.with_rules = contract.closure(|contract, message| contract.has_own_rules(message));
        contract.without_json = contract.closure(|_, message| {
            message
                .fields()
                .any(|field| inner_message(&field).is_some_and(|inner| inner.full_name() == ANY))
        });
        contract.read_services(source, &mut access, &mut diagnostics);
        access.finish(&mut diagnostics);
        diagnostics.finish()?;
        Ok(contract)
    }

    fn read_rules(&mut self, diagnostics: &mut Diagnostics) {
        for message in &self.messages {
            let rules = read_message(message, diagnostics);
            self.message_rules
                .insert(message.full_name().to_owned(), rules);
            for field in message.fields() {
                let rules = read_field(&field, diagnostics);
                if rules != FieldRules::default() {
                    self.fields.insert(field.full_name().to_owned(), rules);
                }
            }
            for oneof in message.oneofs() {
                if read_oneof(&oneof) {
                    self.required_oneofs.insert(oneof.full_name().to_owned());
                }
            }
        }
    }

    fn read_services(
        &mut self,
        source: &Source,
        access: &mut Declarations<'_>,
        diagnostics: &mut Diagnostics,
    ) {
        for descriptor in source
            .files()
            .flat_map(|file| file.services().collect::<Vec<_>>())
        {
            let mut routes: BTreeMap<(String, String), String> = BTreeMap::new();
            let mut methods = Vec::new();
            for method in descriptor.methods() {
                let location = Location::of(&descriptor.parent_file(), method.path());
                let bindings = read_bindings(&method, diagnostics);
                for binding in &bindings {
                    let key = (binding.method.clone(), binding.template.shape());
                    if let Some(other) = routes.insert(key, method.name().to_owned()) {
                        diagnostics.add(
                            location.clone(),
                            format!(
                                "google.api.http of `{}`: {} {} is already used by `{other}`",
                                method.name(),
                                binding.method,
                                binding.template.text
                            ),
                        );
                    }
                }
                if !bindings.is_empty() {
                    self.check_json(&method, &location, diagnostics);
                }
                // A method without a declaration produces a diagnostic, and the contract is not
                // compiled.
                let flag = required_flag::read(&method, &location, diagnostics);
                if let Some(access) = access.read(&method, diagnostics) {
                    methods.push(Method {
                        descriptor: method,
                        bindings,
                        access,
                        flag,
                    });
                }
            }
            self.services.push(Service {
                descriptor,
                methods,
            });
        }
    }

    fn check_json(
        &self,
        method: &MethodDescriptor,
        location: &Location,
        diagnostics: &mut Diagnostics,
    ) {
        for message in [method.input(), method.output()] {
            let well_known = message.package_name() == "google.protobuf";
            if well_known && message.full_name() != "google.protobuf.Empty" {
                diagnostics.add(
                    location.clone(),
                    format!(
                        "`{}` has `{}` as its whole request or response, which is not a JSON object: wrap it in a message",
                        method.name(),
                        message.full_name()
                    ),
                );
            } else if !self.has_json(&message) {
                diagnostics.add(
                    location.clone(),
                    format!(
                        "`{}` uses `{}`, which contains a google.protobuf.Any, and JSON cannot encode unknown types: use a oneof",
                        method.name(),
                        message.full_name()
                    ),
                );
            }
        }
    }

    /// Returns the messages for which `seed` holds, and all messages that contain one of them.
    fn closure(&self, seed: impl Fn(&Self, &MessageDescriptor) -> bool) -> BTreeSet<String> {
        let mut found: BTreeSet<String> = self
            .messages
            .iter()
            .filter(|message| seed(self, message))
            .map(|message| message.full_name().to_owned())
            .collect();
        loop {
            let more: Vec<String> = self
                .messages
                .iter()
                .filter(|message| !found.contains(message.full_name()))
                .filter(|message| {
                    message.fields().any(|field| {
                        inner_message(&field).is_some_and(|inner| found.contains(inner.full_name()))
                    })
                })
                .map(|message| message.full_name().to_owned())
                .collect();
            if more.is_empty() {
                return found;
            }
            found.extend(more);
        }
    }

    fn has_own_rules(&self, message: &MessageDescriptor) -> bool {
        let rules = self.message_rules(message);
        !rules.disabled
            && (!rules.oneofs.is_empty()
                || message
                    .fields()
                    .any(|field| !self.field_rules(&field).is_empty())
                || message.oneofs().any(|oneof| self.is_required_oneof(&oneof)))
    }

    /// Whether a message, or one inside it, has rules.
    pub(crate) fn has_rules(&self, message: &MessageDescriptor) -> bool {
        self.with_rules.contains(message.full_name())
    }

    /// Whether a message has a JSON form.
    pub(crate) fn has_json(&self, message: &MessageDescriptor) -> bool {
        !self.without_json.contains(message.full_name())
    }

    pub(crate) fn field_rules(&self, field: &FieldDescriptor) -> FieldRules {
        self.fields
            .get(field.full_name())
            .cloned()
            .unwrap_or_default()
    }

    pub(crate) fn message_rules(&self, message: &MessageDescriptor) -> MessageRules {
        self.message_rules
            .get(message.full_name())
            .cloned()
            .unwrap_or_default()
    }

    pub(crate) fn is_required_oneof(&self, oneof: &OneofDescriptor) -> bool {
        self.required_oneofs.contains(oneof.full_name())
    }
}

/// Returns the message of a field, or of the values of a map.
fn inner_message(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => match entry.map_entry_value_field().kind() {
            Kind::Message(inner) => Some(inner),
            _ => None,
        },
        Kind::Message(inner) => Some(inner),
        _ => None,
    }
}
