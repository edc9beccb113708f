//! The provider for the crate `open-feature`.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::DateTime;
use open_feature::{
    EvaluationContext, EvaluationContextFieldValue, EvaluationError, EvaluationErrorCode,
    EvaluationReason, EvaluationResult, FlagMetadata, StructValue, Value as Field,
    provider::{FeatureProvider, ProviderMetadata, ResolutionDetails},
};
use seaworthy_core::context;
use serde_json::Value;

use crate::{
    Context, ErrorCode, FlagValue, Flags, Reason,
    definition::{Metadata, Resolved},
    span_event::PROVIDER,
};

/// Evaluates flags for the crate `open-feature`, so that code that uses only OpenFeature reads the
/// flags of the service.
///
/// Attributes of the evaluation context replace those of the current request. The trait of that
/// crate has no result without a value. A disabled flag, and a flag without a default variant, is
/// therefore an error, and the caller uses its own default.
///
/// ```
/// use open_feature::OpenFeature;
/// use seaworthy_flags::{Context, Flags, OpenFeatureProvider};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let flags = Flags::new(Context::new());
/// let mut api = OpenFeature::default();
/// api.set_provider(OpenFeatureProvider::new(&flags)).await;
/// let value = api.create_client().get_bool_value("checkout.new", None, None).await;
/// assert!(!value.unwrap_or(false));
/// # });
/// ```
#[derive(Debug)]
pub struct OpenFeatureProvider {
    flags: Flags,
    metadata: ProviderMetadata,
}

impl OpenFeatureProvider {
    /// Creates a provider for the flags of a service.
    #[must_use]
    pub fn new(flags: &Flags) -> Self {
        Self {
            flags: flags.clone(),
            metadata: ProviderMetadata::new(PROVIDER),
        }
    }

    fn resolve<T: FlagValue, R>(
        &self,
        key: &str,
        caller: &EvaluationContext,
        convert: impl Fn(T) -> R,
    ) -> EvaluationResult<ResolutionDetails<R>> {
        let own = read_context(caller)?;
        context::with_current(|request| {
            self.flags.with_snapshot(request, |snapshot| {
                let scope = self.flags.scope(&own, request);
                let resolved = snapshot.resolve_key(key, &scope);
                let metadata = snapshot.set().get(key).map(|flag| flag.metadata());
                let value = value(&resolved)?;
                Ok(ResolutionDetails {
                    value: convert(value),
                    variant: resolved.variant.map(|variant| variant.name().to_owned()),
                    reason: Some(reason(resolved.reason)),
                    flag_metadata: metadata.map(write_metadata),
                })
            })
        })
    }
}

#[async_trait]
impl FeatureProvider for OpenFeatureProvider {
    fn metadata(&self) -> &ProviderMetadata {
        &self.metadata
    }

    async fn resolve_bool_value(
        &self,
        key: &str,
        caller: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<bool>> {
        self.resolve(key, caller, |value: bool| value)
    }

    async fn resolve_int_value(
        &self,
        key: &str,
        caller: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<i64>> {
        self.resolve(key, caller, |value: i64| value)
    }

    async fn resolve_float_value(
        &self,
        key: &str,
        caller: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<f64>> {
        self.resolve(key, caller, |value: f64| value)
    }

    async fn resolve_string_value(
        &self,
        key: &str,
        caller: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<String>> {
        self.resolve(key, caller, |value: Arc<str>| value.as_ref().to_owned())
    }

    async fn resolve_struct_value(
        &self,
        key: &str,
        caller: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<StructValue>> {
        self.resolve(key, caller, |value: Value| match field(value) {
            Some(Field::Struct(value)) => value,
            _ => StructValue::default(),
        })
    }
}

fn value<T: FlagValue>(resolved: &Resolved<'_>) -> EvaluationResult<T> {
    let fail = |code, message: &str| {
        Err(EvaluationError {
            code,
            message: Some(message.to_owned()),
        })
    };
    match (resolved.error, resolved.variant) {
        (Some(ErrorCode::FlagNotFound), _) => fail(
            EvaluationErrorCode::FlagNotFound,
            "no source defines the flag",
        ),
        (Some(ErrorCode::ParseError), _) => fail(
            EvaluationErrorCode::ParseError,
            "the rule of the flag failed",
        ),
        (Some(ErrorCode::TypeMismatch), _) => fail(
            EvaluationErrorCode::TypeMismatch,
            "the flag has another type",
        ),
        (Some(ErrorCode::General), _) => fail(
            EvaluationErrorCode::General("GENERAL".to_owned()),
            "the rule of the flag selects a variant that does not exist",
        ),
        (None, Some(variant)) => T::of(variant).map_or_else(
            || {
                fail(
                    EvaluationErrorCode::TypeMismatch,
                    "the flag has another type",
                )
            },
            Ok,
        ),
        (None, None) => fail(
            EvaluationErrorCode::General(resolved.reason.as_str().to_owned()),
            "the flag has no value: use the default of the code",
        ),
    }
}

fn reason(reason: Reason) -> EvaluationReason {
    match reason {
        Reason::Static => EvaluationReason::Static,
        Reason::Default => EvaluationReason::Default,
        Reason::TargetingMatch => EvaluationReason::TargetingMatch,
        Reason::Disabled => EvaluationReason::Disabled,
        Reason::Error => EvaluationReason::Error,
        Reason::Stale => EvaluationReason::Other(reason.as_str().to_owned()),
    }
}

/// Reads the context of a caller. A structure must be a [`Value`].
fn read_context(caller: &EvaluationContext) -> EvaluationResult<Context> {
    let mut own = Context::new();
    if let Some(key) = &caller.targeting_key {
        own = own.targeting_key(key.as_str());
    }
    for (name, value) in &caller.custom_fields {
        let value = match value {
            EvaluationContextFieldValue::Bool(value) => (*value).into(),
            EvaluationContextFieldValue::Int(value) => (*value).into(),
            EvaluationContextFieldValue::Float(value) => (*value).into(),
            EvaluationContextFieldValue::String(value) => value.as_str().into(),
            EvaluationContextFieldValue::DateTime(time) => {
                let time = DateTime::from_timestamp(time.unix_timestamp(), time.nanosecond());
                time.unwrap_or_default().to_rfc3339().into()
            }
            EvaluationContextFieldValue::Struct(value) => match value.downcast_ref::<Value>() {
                Some(value) => value.clone(),
                None => {
                    return Err(EvaluationError {
                        code: EvaluationErrorCode::InvalidContext,
                        message: Some(format!(
                            "the field {name:?} of the context must be a serde_json::Value"
                        )),
                    });
                }
            },
        };
        own = own.with(name.as_str(), value);
    }
    Ok(own)
}

/// Returns a value for `open-feature`, which has no null.
fn field(value: Value) -> Option<Field> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(value) => Field::Bool(value),
        Value::Number(number) => match number.as_i64() {
            Some(number) => Field::Int(number),
            None => Field::Float(number.as_f64()?),
        },
        Value::String(text) => Field::String(text),
        Value::Array(items) => Field::Array(items.into_iter().filter_map(field).collect()),
        Value::Object(entries) => {
            let entries = entries.into_iter();
            let fields = entries.filter_map(|(name, value)| Some((name, field(value)?)));
            Field::Struct(StructValue {
                fields: fields.collect(),
            })
        }
    })
}

fn write_metadata(metadata: &Metadata) -> FlagMetadata {
    let mut written = FlagMetadata::default();
    for (name, value) in metadata {
        match value {
            Value::Bool(value) => written.add_value(name, *value),
            Value::String(text) => written.add_value(name, text.as_str()),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(number), _) => written.add_value(name, number),
                (None, Some(number)) => written.add_value(name, number),
                (None, None) => {}
            },
            _ => {}
        }
    }
    written
}
