"""What a sentence says of something that was to be done: yes, no, done already, never mind, somebody else. Russian and English."""

import re

_LEAD = r"^(?:(?:ну|ой|ох|эх|э+|а|да|так|ну да|слушай|блин|oh|well|um|uh|er|sorry|yeah|hm+|извини\w*|прости\w*)\b[\s,.…!?–—-]*)*"
_MARKS = re.IGNORECASE

YES = re.compile(
    rf"{_LEAD}(?:давай(?:те)?(?=[\s.,!]*$)|да|ага|угу|хорошо|ок|окей|ладно|принято|договорились|конечно|понял|поняла|без проблем|есть(?=[\s.,!]|$)|идёт|идет|можно|попробую|обязательно"
    r"|беру|сделаю|добро|легко|yes|yep|yup|ok|okay|sure|got it|will do|on it|no problem|no worries|of course|done|agreed|yeah|fine|all right|alright|right|absolutely"
    r"|certainly|happy to|can do|go on then|mm-?hm+|great|perfect|please|thanks|thank you|cool|lovely|спасибо|отлично|супер|прекрасно|would you|that(?:['’]d| would) be|естественно|само собой|разумеется)\b",
    _MARKS,
)
"""An answer that agrees, or at least says that it was heard."""
WELCOMES = re.compile(
    r"\b(?:please|would be (?:\w+ )?(?:great|helpful|lovely|good|perfect|amazing)|['’]d be (?:\w+ )?(?:great|helpful|lovely|good|perfect|amazing)|thanks|thank you"
    r"|go ahead|спасибо|было бы (?:здорово|отлично|супер)|давай(?:те)?(?=[ .,!]*$)|пожалуйста|выручи\w*)\b",
    _MARKS,
)
"""An answer that wants what was offered."""
TAKES = re.compile(
    r"\b(?:беру|сделаю|смогу|могу(?=[.,!]|$)|возьму(?:сь)?|займусь|на мне|за мной|(?:давай(?:те)?|можно) я|я сам[аи]?\b|тогда я|запиш\w+ на меня|будет сделано|попробую|сейчас запишу"
    r"|will do|(?:^|[,.]\s*|\b(?:i['’]m|yeah|yep|sure|then|ok|okay)\s+)on it(?=[.!,]|$)|i got it|i['’]ve got (?:it|that|this)|got it|i(?:['’]ll| will| can| could) (?:take|do|handle|own|grab|sort) (?:it|that|this|those|them|one)"
    r"|i(?:['’]ll| will| can)(?=[.!]|$)|leave (?:it|that) (?:with|to) me|you['’]ll (?:have|get) (?:it|them|that|those)|not at all|consider it done|mine|on me|can do|happy to|i don['’]t mind|count me in|go on then)\b"
    r"|^(?:я|i will|i can|me)[.!]?$",
    _MARKS,
)
"""Who says so takes on what nobody had."""
REFUSES = re.compile(
    rf"{_LEAD}(?:нет\b(?!,? (?:проблем|вопрос))|не я\b|не могу|не смогу|не успе|не получится|no\b(?!,? (?:problem|worries|rush|one))|nope|not me|i can['’]t|can['’]t|i won['’]t"
    r"|i['’]m afraid|afraid not|i don['’]t think i)"
    r"|\b(?:не смогу|не успе(?:ю|ем)|не получится|можно не я|я (?:\w+ ){0,4}в отпуске|я (?:\w+ ){0,2}занят\w*|won['’]t be able|can['’]t (?:do|make|take)|i['’]m (?:\w+ ){0,3}(?:on (?:leave|holiday|vacation)|away|off))\b"
    r"|^(?:you will not|you won['’]t|over my dead body)\b",
    _MARKS,
)
"""Who says so will not do it."""
CANCELS = re.compile(
    r"(?<!\w)(?:(?<!мне )(?<!тебе )(?<!вам )(?:уже |пока |ничего |это |там |их |его |её |ее )?не (?:надо|нужн[оаы]?|стоит|обязательно|требуется|понадоб\w+|будем)|можно не \w+ть|(?<!\w)\w{3,}(?:л|ла|ли) уже|уже (?:\w+ )?(?!был)\w{3,}(?:л|ла|ли)|отмен(?:а|яй|яется|яем|или)|отбой|снима(?:ем|ю)(?!\w)"
    r"|забудь(?:те)?(?=[.,! ]*(?:об|про|$))|обойд(?:усь|ёмся|емся|утся)|неважно|передумал[аи]?|never mind|forget (?:it|that|about)|scratch that|(?:don['’]t|do not|won['’]t|needn['’]t) (?:bother|worry about|do (?:it|that)|send|order|book|call|need|buy|write)"
    r"|no need|hold off|skip (?:it|that)|not (?:necessary|needed)|cancel (?:it|that)|leave (?:it|that)(?: for now| out|[.!,]|$)|drop (?:it|that)|already (?:done|did|have|\w+ed|sent|bought|booked|made|wrote|got)|(?:isn['’]t|is not|aren['’]t) needed|no longer need\w*)(?!\w)",
    _MARKS,
)
"""What was to be done is not to be done, or is done already."""
DONE = re.compile(
    rf"{_LEAD}(?:уже|всё,? (?:готово|сделал)|вот(?=[.!]|$)|готово|сделан[оаы]?|сделал[аи]?(?=[.!, ]*$)|секунд\w+|here you go|there you go|there|already|just did|it['’]s (?:done|already)|one sec\w*|hang on)\b",
    _MARKS,
)
"""It was of the moment, or was done before."""
YOU_THEN = re.compile(
    r"(?<!\w)(?:(?:тогда|лучше|давай|значит|может,?|ну) (?:ты|вы)|(?:ты|вы)(?: и)? (?:тогда|возьми(?:те)?|сделай(?:те)?|возьмёшь|возьмешь|сделаешь|сможешь)|\w+(?:и|й|ь|ите|йте|ьте) (?:ты|вы)|на тебе|на вас"
    r"|(?:could|can|would|will) you\??$|you (?:then|do (?:it|that)|take (?:it|that|this)|send (?:it|them)|\w+ (?:it|them) (?:then|instead))|over to you|it['’]s yours|can you (?:do|take) (?:it|that|this)"
    r"|could you (?:do|take) (?:it|that|this))(?!\w)",
    _MARKS,
)
"""What was to be done goes to who is called."""
LET_THEM = re.compile(
    r"(?<!\w)(?:(?:пусть|пускай)(?: лучше| тогда| это)? (?P<ru>[А-ЯЁ]\w+)|let['’]?s? (?:have |get )?(?P<en>[A-Z]\w+)(?: to)? (?:do|take|handle) (?:it|that|this)|(?:give|hand|pass) (?:it|that|this) to (?P<to>[A-Z]\w+)"
    r"|(?P<will>[A-Z]\w+)(?:['’]ll| will| can| should) (?:do|take|handle) (?:it|that|this)|(?:перед\w+|отда\w+) (?:это |её |ее |его )?(?P<datv>[А-ЯЁ]\w+))"
)
FRAME = re.compile(
    r"\b(?:action (?:items?|points?)|individual (?:actions?|tasks?|work)|next steps|to-?dos?|homework|who does what|to recap|before the next meeting|for (?:the )?next (?:meeting|time)|by (?:the )?next (?:meeting|time)"
    r"|until (?:the )?next meeting|next meeting (?:starts|is|will)|work (?:\w+ ){1,8}to do|here['’]?s what we['’]re going to do|по задачам|итого|подыто\w+|поручени\w+|план действий|следующие шаги|кто что делает"
    r"|(?:к|до) следующе(?:й|му|го) (?:встреч\w+|раз\w+|совещани\w+|созвон\w+))\b",
    _MARKS,
)
"""After this what is to be done is told off."""
