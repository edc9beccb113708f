use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::DEFAULT_TIMEOUT;

/// The timeout of a hook around a request, so that a slow plugin delays requests only briefly.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_millis(50);

/// A place in the service that calls hooks.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HookPoint {
    /// Before the handler of a request, after its authentication.
    BeforeRequest,
    /// After the handler of a request.
    AfterRequest,
    /// Before the response is sent, after `after_request`.
    BeforeResponse,
    /// After the connection received the whole response, or ended.
    AfterResponse,
    /// Before the credentials of a request are verified.
    BeforeAuth,
    /// After the credentials are verified.
    AfterAuth,
    /// After the credentials are rejected.
    AuthFailed,
    /// Before an operation of the business logic.
    BeforeBiz,
    /// After an operation of the business logic.
    AfterBiz,
    /// After an operation of the business logic failed.
    BizError,
    /// Before an operation on stored data.
    BeforeData,
    /// After an operation on stored data.
    AfterData,
    /// After an operation on stored data failed.
    DataError,
}

impl HookPoint {
    /// All hook points.
    pub const ALL: [Self; 13] = [
        Self::BeforeRequest,
        Self::AfterRequest,
        Self::BeforeResponse,
        Self::AfterResponse,
        Self::BeforeAuth,
        Self::AfterAuth,
        Self::AuthFailed,
        Self::BeforeBiz,
        Self::AfterBiz,
        Self::BizError,
        Self::BeforeData,
        Self::AfterData,
        Self::DataError,
    ];

    /// Returns the name in manifests.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BeforeRequest => "before_request",
            Self::AfterRequest => "after_request",
            Self::BeforeResponse => "before_response",
            Self::AfterResponse => "after_response",
            Self::BeforeAuth => "before_auth",
            Self::AfterAuth => "after_auth",
            Self::AuthFailed => "auth_failed",
            Self::BeforeBiz => "before_biz",
            Self::AfterBiz => "after_biz",
            Self::BizError => "biz_error",
            Self::BeforeData => "before_data",
            Self::AfterData => "after_data",
            Self::DataError => "data_error",
        }
    }

    /// Returns the timeout of a hook that declares none.
    #[must_use]
    pub const fn default_timeout(self) -> Duration {
        match self {
            Self::BeforeRequest
            | Self::AfterRequest
            | Self::BeforeResponse
            | Self::AfterResponse
            | Self::BeforeAuth
            | Self::AfterAuth
            | Self::AuthFailed => REQUEST_TIMEOUT,
            // Operations of the business logic may take seconds.
            _ => DEFAULT_TIMEOUT.get(),
        }
    }

    /// Returns true if the rejection of a hook with a veto becomes the response. Other points
    /// cannot change the result.
    #[must_use]
    pub const fn can_veto(self) -> bool {
        matches!(
            self,
            Self::BeforeRequest
                | Self::BeforeResponse
                | Self::BeforeAuth
                | Self::AfterAuth
                | Self::BeforeBiz
                | Self::BeforeData
        )
    }
}
