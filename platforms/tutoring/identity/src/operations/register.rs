use seaworthy::prelude::*;
use uuid::Uuid;

use crate::{
    Account, AccountKind, Accounts, Checks, codes::Purpose, errors, identity::Parts,
    store::NewAccount,
};

/// The input of a registration.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Registration {
    pub(crate) email: Option<String>,
    pub(crate) password: Option<Secret<String>>,
    pub(crate) username: Option<String>,
    pub(crate) phone: Option<String>,
}

/// The outcome of a registration.
#[derive(Debug)]
pub(crate) enum Registered {
    /// The account is new.
    Created(Uuid),
    /// The account was registered earlier and is not verified.
    CodeResent(Uuid),
}

impl Parts {
    /// Registers an unverified account, and sends a code to its e-mail address. The password of an
    /// unverified account is replaced, because only the owner of the address gets the code.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, `CONFLICT` for a taken address or name, `RATE_LIMITED`.
    pub(crate) async fn register(&self, given: Registration) -> Result<Registered, Error> {
        let mut checks = Checks::new();
        let email = checks.email("email", given.email.as_deref());
        let username = checks.username("username", given.username.as_deref());
        if username.is_none() && self.kind == AccountKind::Trainer {
            checks.reject("username", "is required");
        }
        let phone = checks.phone("phone", given.phone.as_deref());
        let password = given.password.unwrap_or_else(|| Secret::new(String::new()));
        checks.new_password("password", &password);
        checks.finish()?;
        self.limits.login(&email).await?;
        self.limits.code_request().await?;
        let hash = self.passwords.hash(password).await?;
        let (registered, code) = self
            .database
            .transaction(|tx| {
                let (email, username, phone) = (email.clone(), username.clone(), phone.clone());
                let hash = &hash;
                async move {
                    let known = Accounts::by_email(&tx, &email).await?;
                    let registered = match known {
                        Some(account) if account.is_email_verified => return Err(errors::taken()),
                        Some(account) => {
                            Accounts::set_password(&tx, account.id, hash.as_str()).await?;
                            Registered::CodeResent(account.id)
                        }
                        None => {
                            let new = NewAccount {
                                email: Some(email),
                                username,
                                phone,
                                password_hash: Some(Secret::new(hash.as_str().to_owned())),
                                approval_status: self.kind.first_approval_status(),
                                ..NewAccount::default()
                            };
                            Registered::Created(Accounts::insert(&tx, new).await?)
                        }
                    };
                    let id = registered.id().to_string();
                    let code = self.codes.issue(&tx, &id, Purpose::EmailVerify).await?;
                    Ok::<_, Error>((registered, code))
                }
            })
            .await?;
        self.mail_code(&email, Purpose::EmailVerify, &code).await?;
        Ok(registered)
    }

    /// Returns the account of an e-mail address, or of a user name.
    pub(crate) async fn find(
        &self,
        email: Option<&str>,
        username: Option<&str>,
    ) -> Result<Option<Account>, Error> {
        Ok(match (email, username) {
            (Some(email), _) => Accounts::by_email(&self.database, email).await?,
            (None, Some(name)) => Accounts::by_username(&self.database, name).await?,
            (None, None) => None,
        })
    }
}

impl Registered {
    pub(crate) const fn id(&self) -> Uuid {
        match self {
            Self::Created(id) | Self::CodeResent(id) => *id,
        }
    }
}
