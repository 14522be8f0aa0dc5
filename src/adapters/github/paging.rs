//! Lists, followed by `Link` to their end.

use http::HeaderMap;
use serde::de::DeserializeOwned;
use url::Url;

use super::GitHub;
use super::request::Request;
use crate::ports::forge::ForgeError;

/// More pages than any list of a healthy repository has; beyond it something is wrong, and a cut list is no list.
const PAGES: usize = 500;

impl GitHub {
    /// All items of a list. Asks for pages of one hundred, where the list has pages.
    pub(super) async fn list<T: DeserializeOwned>(&self, request: Request) -> Result<Vec<T>, ForgeError> {
        self.list_by(request, |page: Vec<T>| page).await
    }

    /// All items of a list that stands in an object; `items` takes them out of each page.
    pub(super) async fn list_by<P: DeserializeOwned, T>(
        &self,
        request: Request,
        mut items: impl FnMut(P) -> Vec<T> + Send,
    ) -> Result<Vec<T>, ForgeError> {
        let mut request = if request.pages { request.query(&[("per_page", "100")]) } else { request };
        let mut all = Vec::new();
        for _ in 0..PAGES {
            let answer = self.send(&request).await?;
            all.extend(items(answer.json(&request)?));
            match next(&answer.headers) {
                None => return Ok(all),
                Some(url) => {
                    let url = Url::parse(&url).ok().and_then(|url| self.is_ours(url));
                    request.url = url.ok_or_else(|| request.malformed("its next page lies on another host"))?;
                }
            }
        }
        Err(request.malformed(format!("it has more than {PAGES} pages")))
    }
}

/// The address of the next page (<https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api>).
fn next(headers: &HeaderMap) -> Option<String> {
    let link = headers.get(http::header::LINK)?.to_str().ok()?;
    link.split(',').find_map(|part| {
        let (url, rest) = part.trim().strip_prefix('<')?.split_once('>')?;
        rest.split(';').any(|word| word.trim() == "rel=\"next\"").then(|| url.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_the_one_called_next() {
        let headers = |link: &str| HeaderMap::from_iter([(http::header::LINK, link.parse().unwrap())]);
        let link =
            r#"<https://h/x?page=1>; rel="prev", <https://h/x?page=3>; rel="next", <https://h/x?page=9>; rel="last""#;
        assert_eq!(next(&headers(link)).as_deref(), Some("https://h/x?page=3"));
        assert_eq!(next(&headers(r#"<https://h/x?page=1>; rel="first""#)), None);
        assert_eq!(next(&HeaderMap::new()), None);
    }
}
