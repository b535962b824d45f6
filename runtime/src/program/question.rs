//! What a program may ask of the world around an object.

/// A question, by what it is made of. Its parts lie on the stack; one that is missing leaves no question to ask.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Question {
    /// kind, name → the object of the cluster
    Get,
    /// kind, name, namespace → the object
    GetIn,
    /// kind → all objects
    List,
    /// kind, namespace → the objects in it
    ListIn,
    /// kind, labels → the objects that have them
    ListWith,
    /// kind, labels, namespace → the objects in it that have them
    ListWithIn,
    /// kind, object → what the API server answers
    Post,
    /// URL → what the service answers
    HttpGet,
    /// URL, headers → what the service answers
    HttpGetWith,
    /// URL, body → what the service answers
    HttpPost,
    /// URL, body, headers → what the service answers
    HttpPostWith,
    /// name → the entry of the cache
    Cache,
    /// reference → what the registry says of the image
    Image,
    /// → text by chance, which nobody knows before
    Random,
}

impl Question {
    pub const ALL: &'static [Question] = &[
        Question::Get,
        Question::GetIn,
        Question::List,
        Question::ListIn,
        Question::ListWith,
        Question::ListWithIn,
        Question::Post,
        Question::HttpGet,
        Question::HttpGetWith,
        Question::HttpPost,
        Question::HttpPostWith,
        Question::Cache,
        Question::Image,
        Question::Random,
    ];

    /// The stable name in program listings.
    pub fn name(self) -> &'static str {
        match self {
            Question::Get => "get",
            Question::GetIn => "get-in",
            Question::List => "list",
            Question::ListIn => "list-in",
            Question::ListWith => "list-with",
            Question::ListWithIn => "list-with-in",
            Question::Post => "post",
            Question::HttpGet => "http-get",
            Question::HttpGetWith => "http-get-with",
            Question::HttpPost => "http-post",
            Question::HttpPostWith => "http-post-with",
            Question::Cache => "cache",
            Question::Image => "image",
            Question::Random => "random",
        }
    }

    /// How many parts it has.
    pub fn arity(self) -> usize {
        match self {
            Question::Random => 0,
            Question::List | Question::HttpGet | Question::Cache | Question::Image => 1,
            Question::Get
            | Question::ListIn
            | Question::ListWith
            | Question::Post
            | Question::HttpGetWith
            | Question::HttpPost => 2,
            Question::GetIn | Question::ListWithIn | Question::HttpPostWith => 3,
        }
    }
}
