use seaworthy::{data::prelude::*, prelude::*};
use serde::Serializer;
use tutoring_contract::{Role, Subject, Territory};

/// The kind of the accounts of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountKind {
    /// Students. A user name is optional.
    Student,
    /// Trainers. A user name is required, and an application is approved or rejected.
    Trainer,
}

impl AccountKind {
    /// Returns the role in access tokens.
    #[must_use]
    pub const fn role(self) -> Role {
        match self {
            Self::Student => Role::Student,
            Self::Trainer => Role::Trainer,
        }
    }

    /// Returns the path of the routes.
    #[must_use]
    pub const fn base_path(self) -> &'static str {
        match self {
            Self::Student => "/api/v1/students/auth",
            Self::Trainer => "/api/v1/trainers/auth",
        }
    }

    /// Returns the scope of rate limits, a part of their keys in Redis.
    pub(crate) const fn limit_scope(self) -> &'static str {
        match self {
            Self::Student => "student_auth",
            Self::Trainer => "trainer_auth",
        }
    }

    /// Returns the name of the ID in the response to a registration.
    pub(crate) const fn id_member(self) -> &'static str {
        match self {
            Self::Student => "studentId",
            Self::Trainer => "trainerId",
        }
    }

    /// Returns the approval status of a new account.
    pub(crate) const fn first_approval_status(self) -> Option<&'static str> {
        match self {
            Self::Student => None,
            Self::Trainer => Some("pending"),
        }
    }
}

/// An account as stored. Serialized, it is the `user` of responses.
#[derive(Debug, Clone, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// The ID.
    pub id: Uuid,
    /// The e-mail address in lower case.
    pub email: Option<Personal<String>>,
    /// The user name.
    pub username: Option<String>,
    /// The telephone number: digits after an optional plus sign.
    pub phone: Option<Personal<String>>,
    /// The hash of the password. Accounts by telephone have none.
    #[serde(skip)]
    pub password_hash: Option<Secret<String>>,
    /// The ID of the linked account at Google. Responses contain only whether there is one.
    #[serde(rename = "googleLinked", serialize_with = "is_linked")]
    pub google_id: Option<String>,
    /// Whether a code has verified the e-mail address.
    pub is_email_verified: bool,
    /// Whether a code has verified the telephone number.
    pub is_phone_verified: bool,
    /// The state of a trainer's application: `pending`, `approved` or `rejected`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_status: Option<String>,
    /// Grows with each change.
    #[serde(skip)]
    pub version: i64,
    /// Whether an operator has disabled the account.
    #[from_row(map = is_disabled, column = "disabled_at")]
    #[serde(skip)]
    pub is_disabled: bool,
    /// The time of the last login.
    pub last_login_at: Option<DateTime<Utc>>,
    /// The time of the registration.
    pub created_at: DateTime<Utc>,
    /// The time of the last change.
    pub updated_at: DateTime<Utc>,
}

impl Account {
    /// Whether a code has verified an address of the account.
    #[must_use]
    pub const fn is_verified(&self) -> bool {
        self.is_email_verified || self.is_phone_verified
    }

    /// Returns the subject of access tokens.
    pub(crate) fn subject(&self, kind: AccountKind) -> Subject {
        Subject {
            id: self.id,
            role: kind.role(),
            admin_roles: Vec::new(),
            permissions: Vec::new(),
            territory: Territory::default(),
            email: self.email.clone(),
            phone: self.phone.clone(),
        }
    }
}

fn is_disabled(disabled_at: Option<DateTime<Utc>>) -> bool {
    disabled_at.is_some()
}

fn is_linked<S: Serializer>(google_id: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(google_id.is_some())
}
