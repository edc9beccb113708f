use seaworthy::{data::prelude::*, prelude::*};
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

/// An account as stored.
#[derive(Debug, Clone)]
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
    pub password_hash: Option<Secret<String>>,
    /// Whether the account is linked to one at Google.
    pub is_google_linked: bool,
    /// Whether a code has verified the e-mail address.
    pub is_email_verified: bool,
    /// Whether a code has verified the telephone number.
    pub is_phone_verified: bool,
    /// The state of a trainer's application: `pending`, `approved` or `rejected`.
    pub approval_status: Option<String>,
    /// Grows with each change.
    pub version: i64,
    /// Whether an operator has disabled the account.
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

/// The `user` of responses.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountView {
    id: Uuid,
    email: Option<String>,
    username: Option<String>,
    phone: Option<String>,
    is_email_verified: bool,
    is_phone_verified: bool,
    google_linked: bool,
    last_login_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval_status: Option<String>,
}

impl From<&Account> for AccountView {
    fn from(account: &Account) -> Self {
        let shown =
            |text: &Option<Personal<String>>| text.as_ref().map(|text| text.expose().clone());
        Self {
            id: account.id,
            email: shown(&account.email),
            username: account.username.clone(),
            phone: shown(&account.phone),
            is_email_verified: account.is_email_verified,
            is_phone_verified: account.is_phone_verified,
            google_linked: account.is_google_linked,
            last_login_at: account.last_login_at,
            created_at: account.created_at,
            updated_at: account.updated_at,
            approval_status: account.approval_status.clone(),
        }
    }
}
