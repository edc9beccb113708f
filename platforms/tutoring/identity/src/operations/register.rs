use seaworthy::{auth::password::PasswordCheck, prelude::*};

use crate::{
    Account, AccountChecks as _, AccountKind, Accounts, Checks, errors, identity::Parts,
    operations::EmailCode, store::NewAccount,
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
    /// Registers an unverified account, and sends a code to its e-mail address. If two
    /// registrations of one address have different passwords, both passwords are discarded, because
    /// one is not from the owner. The owner then sets a password by a code. If the address has just
    /// received a code, that code stays valid and no other one is sent.
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
        let known = Accounts::find_by_email(&self.database, &email).await?;
        let known = known.and_then(|account| account.password_hash);
        let stored = known.as_ref().map(|hash| hash.expose().as_str());
        let copy = Secret::new(password.expose().clone());
        let check = self.passwords.verify(copy, stored).await?;
        let same = known.filter(|_| matches!(check, PasswordCheck::Valid { .. }));
        let hash = self.passwords.hash(password).await?;
        let (registered, code) = self
            .database
            .transaction(|tx| {
                let (email, username, phone) = (email.clone(), username.clone(), phone.clone());
                let (hash, same) = (&hash, same.as_ref());
                async move {
                    // The owner may verify the address concurrently. The password then stays.
                    let known = Accounts::lock_by_email(&tx, &email).await?;
                    let registered = match known {
                        Some(account) if account.is_email_verified => return Err(errors::taken()),
                        Some(account) => {
                            let id = account.id;
                            let stored = account.password_hash.as_ref().map(Secret::expose);
                            if stored != same.map(Secret::expose) {
                                let cleared = Account {
                                    password_hash: None,
                                    ..account
                                };
                                Accounts::update(&tx, cleared).await?;
                            }
                            Registered::CodeResent(id)
                        }
                        None => {
                            let new = NewAccount {
                                email: Some(email),
                                username,
                                phone,
                                password_hash: Some(Secret::new(hash.as_str().to_owned())),
                                ..NewAccount::default()
                            };
                            let account = Accounts::insert(&tx, self.kind, new).await?;
                            Registered::Created(account.id)
                        }
                    };
                    let id = registered.id().to_string();
                    let code = self.verification_codes.issue_unless_valid(&tx, &id).await?;
                    Ok::<_, Error>((registered, code))
                }
            })
            .await?;
        if let Some(code) = code {
            let sent = self.mail_code(&email, EmailCode::Verification, &code).await;
            if let Err(error) = sent {
                // Otherwise a repeated request would return success without a mail.
                let id = registered.id().to_string();
                self.verification_codes.end(&self.database, &id).await?;
                return Err(error);
            }
        }
        Ok(registered)
    }

    /// Returns the account of an e-mail address, or of a user name.
    pub(crate) async fn find(
        &self,
        email: Option<&str>,
        username: Option<&str>,
    ) -> Result<Option<Account>, Error> {
        Ok(match (email, username) {
            (Some(email), _) => Accounts::find_by_email(&self.database, email).await?,
            (None, Some(name)) => Accounts::find_by_username(&self.database, name).await?,
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
