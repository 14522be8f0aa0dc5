//! The back half of all or nothing: what was planned is written whole, or the checkout is as it was.

use super::plan::{Planned, PlannedFile};
use crate::ports::checkout::{Checkout, CheckoutError};

impl Planned {
    /// Writes every file, after looking that none has changed since it was planned. When one can't be written, those before
    /// it are put back. Modes are the change set's: a checkout keeps the mode of an existing file and has no way to set one.
    pub async fn write(&self, checkout: &dyn Checkout) -> Result<(), CheckoutError> {
        for file in &self.files {
            if checkout.read(&file.path).await? != file.before {
                let reason = "it changed while the edit was being placed".to_owned();
                return Err(CheckoutError::Path { path: file.path.to_string(), reason });
            }
        }
        for (count, file) in self.files.iter().enumerate() {
            if let Err(error) = set(checkout, file, file.after.as_deref()).await {
                for done in self.files[..count].iter().rev() {
                    set(checkout, done, done.before.as_deref()).await?;
                }
                return Err(error);
            }
        }
        Ok(())
    }
}

async fn set(checkout: &dyn Checkout, file: &PlannedFile, bytes: Option<&[u8]>) -> Result<(), CheckoutError> {
    match bytes {
        Some(bytes) => checkout.write(&file.path, bytes).await,
        None if checkout.read(&file.path).await?.is_some() => checkout.remove(&file.path).await,
        None => Ok(()),
    }
}
