//! Labels: creating the missing ones, adding and removing them.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::adapters::github::GitHub;
use crate::adapters::github::request::Param;
use crate::adapters::github::wire::LabelWire;
use crate::plan::Target;
use crate::plan::action::LabelSpec;
use crate::ports::forge::{Effect, ForgeError};

impl GitHub {
    pub(super) async fn find_labels(&self, labels: &[LabelSpec]) -> Result<Option<Effect>, ForgeError> {
        Ok(self.missing_labels(labels).await?.is_empty().then(Effect::default))
    }

    pub(super) async fn ensure_labels(&self, labels: &[LabelSpec]) -> Result<Effect, ForgeError> {
        for label in self.missing_labels(labels).await? {
            let body = json!({ "name": label.name, "color": label.color, "description": label.description });
            let doing = format!("create label {}", label.name);
            let request = self.write(Method::POST, "/repos/{owner}/{repo}/labels", &[], doing, body);
            match self.send(&request).await {
                Ok(_) => {}
                // Somebody was faster; the label stands.
                Err(ForgeError::Refused { message, .. }) if message.contains("already_exists") => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Effect::default())
    }

    async fn missing_labels<'a>(&self, labels: &'a [LabelSpec]) -> Result<Vec<&'a LabelSpec>, ForgeError> {
        let known = self.read_label_names().await?;
        let missing = |label: &&LabelSpec| !known.iter().any(|name| name.eq_ignore_ascii_case(&label.name));
        Ok(labels.iter().filter(missing).collect())
    }

    pub(super) async fn find_label_edit(
        &self,
        target: &Target,
        add: &[String],
        remove: &[String],
    ) -> Result<Option<Effect>, ForgeError> {
        let Some(number) = self.number_of(target).await? else { return Ok(None) };
        let template = "/repos/{owner}/{repo}/issues/{issue_number}/labels";
        let labels: Vec<LabelWire> =
            self.list(self.get(template, &[&number], format!("the labels of {target}"))).await?;
        let has = |name: &String| labels.iter().any(|label| label.name.eq_ignore_ascii_case(name));
        let stands = add.iter().all(has) && !remove.iter().any(has);
        Ok(stands.then(|| Effect { number: Some(number), ..Effect::default() }))
    }

    pub(super) async fn edit_labels(
        &self,
        target: &Target,
        add: &[String],
        remove: &[String],
    ) -> Result<Effect, ForgeError> {
        let number = self.required_number_of(target).await?;
        if !add.is_empty() {
            self.add_labels(number, &add.iter().collect::<Vec<_>>()).await?;
        }
        for label in remove {
            let template = "/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}";
            let params: [Param<'_>; 2] = [&number, label];
            let doing = format!("remove label {label} from {target}");
            let request = self.write(Method::DELETE, template, &params, doing, json!(null)).bodiless();
            match self.send(&request).await {
                Ok(_) | Err(ForgeError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Effect { number: Some(number), ..Effect::default() })
    }

    pub(in crate::adapters::github) async fn add_labels(
        &self,
        number: u64,
        labels: &[&String],
    ) -> Result<(), ForgeError> {
        #[derive(Deserialize)]
        struct Label {}
        let template = "/repos/{owner}/{repo}/issues/{issue_number}/labels";
        let doing = format!("label #{number}");
        let request = self.write(Method::POST, template, &[&number], doing, json!({ "labels": labels }));
        let _: Vec<Label> = self.send(&request).await?.json(&request)?;
        Ok(())
    }
}
