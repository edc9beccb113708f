//! The evaluation API in its two versions. Only version 2 can represent an absent value.

use futures::StreamExt as _;
use seaworthy_contract::{MessageStream, prost_types::Struct};
use seaworthy_core::Error;
use serde_json::{Map, Value, json};

use super::{
    contract::flagd::evaluation::{v1, v2},
    errors::failed,
    events::Event,
    server::FlagServer,
    structure::{context, structure},
};
use crate::{ErrorCode, Reason, evaluation::Variant, value::FlagValue};

/// The result of an evaluation. An absent value means the default of the client's code.
struct Evaluated<T> {
    value: Option<T>,
    reason: Reason,
    variant: Option<String>,
    metadata: Option<Struct>,
}

impl FlagServer {
    fn evaluate<T>(
        &self,
        key: &str,
        fields: Option<Struct>,
        read: impl Fn(&Variant) -> Option<T>,
    ) -> Result<Evaluated<T>, Error> {
        self.permit()?;
        let set = self.flags.set();
        let metadata = set.get(key).map(|flag| structure(flag.metadata()));
        self.flags.resolve(key, &context(fields), |resolved| {
            if let Some(error) = resolved.error {
                return Err(failed(key, error));
            }
            let value = resolved.variant.map(|variant| {
                let value = read(variant);
                value.ok_or_else(|| failed(key, ErrorCode::TypeMismatch))
            });
            Ok(Evaluated {
                value: value.transpose()?,
                reason: resolved.reason,
                variant: resolved.variant.map(|variant| variant.name().to_owned()),
                metadata,
            })
        })
    }

    /// Returns the flags that can be evaluated, by key.
    fn evaluate_all(
        &self,
        fields: Option<Struct>,
    ) -> Result<Vec<(String, Evaluated<Value>)>, Error> {
        self.permit()?;
        let (set, context) = (self.flags.set(), context(fields));
        let evaluate = |flag: &crate::Definition| {
            self.flags.resolve(flag.key(), &context, |resolved| {
                if resolved.error.is_some() {
                    return None;
                }
                let evaluated = Evaluated {
                    value: resolved.variant.map(|variant| variant.value().clone()),
                    reason: resolved.reason,
                    variant: resolved.variant.map(|variant| variant.name().to_owned()),
                    metadata: Some(structure(flag.metadata())),
                };
                Some((flag.key().to_string(), evaluated))
            })
        };
        Ok(set.iter().filter_map(evaluate).collect())
    }
}

fn object(variant: &Variant) -> Option<Struct> {
    variant.value().as_object().map(structure)
}

fn text(variant: &Variant) -> Option<String> {
    variant.value().as_str().map(ToOwned::to_owned)
}

/// Returns the type and the data of an event.
fn event(event: &Event) -> (String, Option<Struct>) {
    if event.before.is_none() {
        return ("provider_ready".to_owned(), None);
    }
    let changes = event.changes().into_iter();
    let flags: Map<_, _> = changes
        .map(|(key, change)| (key.to_owned(), json!({"type": change, "flagKey": key})))
        .collect();
    let data = Map::from_iter([("flags".to_owned(), Value::Object(flags))]);
    ("configuration_change".to_owned(), Some(structure(&data)))
}

/// Implements one method that resolves a flag of one type.
macro_rules! resolve {
    ($version:ident, $method:ident, $request:ident, $response:ident, $read:expr, $absent:expr) => {
        async fn $method(&self, request: $version::$request) -> Result<$version::$response, Error> {
            let evaluated = self.evaluate(&request.flag_key, request.context, $read)?;
            if evaluated.reason == Reason::Disabled && !CAN_BE_ABSENT.$version {
                return Err(failed(&request.flag_key, ErrorCode::FlagNotFound));
            }
            Ok($version::$response {
                value: $absent(evaluated.value),
                reason: evaluated.reason.as_str().to_owned(),
                variant: variant::$version(evaluated.variant),
                metadata: evaluated.metadata,
            })
        }
    };
}

/// Whether a version can represent a disabled flag. A client of version 1 uses the default of its
/// code only after an error.
struct Versions {
    v1: bool,
    v2: bool,
}

const CAN_BE_ABSENT: Versions = Versions {
    v1: false,
    v2: true,
};

/// Writes the variant of each version.
mod variant {
    pub(super) fn v1(name: Option<String>) -> String {
        name.unwrap_or_default()
    }

    pub(super) fn v2(name: Option<String>) -> Option<String> {
        name
    }
}

/// Implements the methods that are equal in both versions.
macro_rules! all_and_events {
    ($version:ident) => {
        async fn resolve_all(
            &self,
            request: $version::ResolveAllRequest,
        ) -> Result<$version::ResolveAllResponse, Error> {
            use $version::any_flag::Value as Wire;
            let flags = self.evaluate_all(request.context)?.into_iter();
            let flags = flags.filter(|(_, evaluated)| {
                evaluated.reason != Reason::Disabled || CAN_BE_ABSENT.$version
            });
            let flags = flags.map(|(key, evaluated)| {
                let value = evaluated.value.and_then(|value| match value {
                    Value::Bool(value) => Some(Wire::BoolValue(value)),
                    Value::String(value) => Some(Wire::StringValue(value)),
                    Value::Number(value) => value.as_f64().map(Wire::DoubleValue),
                    Value::Object(value) => Some(Wire::ObjectValue(structure(&value))),
                    Value::Null | Value::Array(_) => None,
                });
                let flag = $version::AnyFlag {
                    reason: evaluated.reason.as_str().to_owned(),
                    variant: variant::$version(evaluated.variant),
                    metadata: evaluated.metadata,
                    value,
                };
                (key, flag)
            });
            Ok($version::ResolveAllResponse {
                flags: flags.collect(),
                metadata: Some(structure(self.flags.set().metadata())),
            })
        }

        async fn event_stream(
            &self,
            _: $version::EventStreamRequest,
        ) -> Result<MessageStream<$version::EventStreamResponse>, Error> {
            self.permit()?;
            let events = self.streams.open(&self.flags)?;
            Ok(Box::pin(events.map(|next| {
                let (r#type, data) = event(&next?);
                Ok($version::EventStreamResponse { r#type, data })
            })))
        }
    };
}

impl v1::Service for FlagServer {
    all_and_events!(v1);
    resolve!(
        v1,
        resolve_boolean,
        ResolveBooleanRequest,
        ResolveBooleanResponse,
        bool::of,
        Option::unwrap_or_default
    );
    resolve!(
        v1,
        resolve_string,
        ResolveStringRequest,
        ResolveStringResponse,
        text,
        Option::unwrap_or_default
    );
    resolve!(
        v1,
        resolve_float,
        ResolveFloatRequest,
        ResolveFloatResponse,
        f64::of,
        Option::unwrap_or_default
    );
    resolve!(
        v1,
        resolve_int,
        ResolveIntRequest,
        ResolveIntResponse,
        i64::of,
        Option::unwrap_or_default
    );
    resolve!(
        v1,
        resolve_object,
        ResolveObjectRequest,
        ResolveObjectResponse,
        object,
        std::convert::identity
    );
}

impl v2::Service for FlagServer {
    all_and_events!(v2);
    resolve!(
        v2,
        resolve_boolean,
        ResolveBooleanRequest,
        ResolveBooleanResponse,
        bool::of,
        std::convert::identity
    );
    resolve!(
        v2,
        resolve_string,
        ResolveStringRequest,
        ResolveStringResponse,
        text,
        std::convert::identity
    );
    resolve!(
        v2,
        resolve_float,
        ResolveFloatRequest,
        ResolveFloatResponse,
        f64::of,
        std::convert::identity
    );
    resolve!(
        v2,
        resolve_int,
        ResolveIntRequest,
        ResolveIntResponse,
        i64::of,
        std::convert::identity
    );
    resolve!(
        v2,
        resolve_object,
        ResolveObjectRequest,
        ResolveObjectResponse,
        object,
        std::convert::identity
    );
}
