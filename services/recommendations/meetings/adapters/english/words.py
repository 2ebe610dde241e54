"""English words by what they do in a sentence about something to be done."""

from services.recommendations.meetings.adapters.sentences import words

CONCRETE = words(
    """
    archive bake circulate cook escalate extract measure monitor paint rename restart swap sweep wash delete
    analyse analyze apply approve arrange assign audit backfill block book build buy
    calculate cancel chase check clarify clean collect compare compile complete configure
    contact contract coordinate copy correct create debug deliver deploy design document double
    download draft email estimate export file fill finalise finalize finish fix follow forward
    gather handle hire implement import inspect install interview investigate invite invoice
    label launch mail merge message migrate negotiate notify onboard order organise organize
    outline pack pay phone ping plan post prepare price print proofread propose prototype provide publish
    purchase push reach rebook reconcile record recruit redo refactor refund register reinstall
    release renew rent repair replace reply request reschedule research reserve resend
    restock return review revise rewrite ring roll schedule send ship shortlist sign sort
    specify submit summarise summarize survey sync test text tidy track train transfer
    translate update upgrade upload verify wire write
    """
)
"""What leaves something behind, so that it can be seen whether it was done."""
CONCRETE_PHRASES = (
    r"tell\s+(?!me\b|us\b|you\b|that\b|it\b|the\s+difference|people\b|them\s+apart)(?:\w+\s+)?\w+\s+(?:we|that|to|about|they|it|not|he|she|i)\b|have\s+a\s+(?:quick\s+)?(?:word|chat|look)\s+(?:with|at)\s+(?!you\b)|give\s+(?!me\b|you\b|it\b)(?:the\s+)?[\w'’]+(?:\s+\w+)?\s+a\s+(?:quick\s+)?(?:ring|call|shout|bell|buzz|nudge)"
    r"|drop\s+(?:the\s+)?\w+(?:\s+\w+)?\s+(?:a\s+line|a\s+note|a\s+message|an\s+email|a\s+text)|get\s+on\s+to|get\s+(?:it|that|them|those|(?:the|a|some|those)\s+\w+(?:\s+\w+)?)\s+(?:over\s+to|across\s+to|out\s+to|done\b|fixed\b|sorted\b|signed\b|to\s+(?:you|me|them|him|her|the|us)\b(?!\s+do))|get\s+(?:you|them|everyone)\s+(?:the|a|some)\b"
    r"|put\s+(?:in\s+(?:an?|the)|(?:it|that|this|them|the\s+\w+)\s+(?:on|in|into)\s+the)\s+(?:order|request|list|calendar|wiki|agenda|diary|system|tracker|folder|backlog|channel|chat)"
    r"|run\s+(?:it|that|this|them|the\s+\w+)\s+(?:by|past)|(?:flag|raise)\s+(?:it|that|this|the\s+\w+)\s+with|dig\s+out|take\s+(?:it|that|them|the\s+\w+)\s+to\s+the"
    r"|do\s+(?:a|an|some)\s+(?:draft|list|rota|write-?up|summary|mock-?up|quote|estimate|comparison|survey|spreadsheet)|cover\s+(?:the|for|his|her|\w+day)"
    r"|call(?!\s+(?:it|this|that|them|the\s+meeting)\b)|ask(?!\s+(?:you|me|this|that|it|a|one|another)\b)|find\s+out|look\s+into"
    r"|work\s+on|take\s+care\s+of|set\s+(?:(?:it|that|this|them|(?:the|a)\s+\w+)\s+)?up|get\s+(?:back|in\s+touch|hold|quotes?|a\s+quote|[\w' -]{1,30}\s+(?:done|fixed|signed|ready|sorted))"
    r"|pick\s+(?:(?:it|that|them|the\s+\w+)\s+)?up|put\s+(?:(?:it|that|them|the\s+\w+)\s+)?(?:together|up\s+a)|talk\s+(?:to|with)\s+(?!you\b|me\b|us\b|it\b|that\b)|meet\s+with\s+(?!you\b|me\b|us\b)"
    r"|take\s+(?:a\s+)?(?:closer|another)\s+look|pass\s+(?:it|that|this)\s+on|make\s+(?:\w+\s+)?(?:available|sure\s+(?:that\s+)?(?:it|the))"
    r"|make\s+(?:a|an|the)\s+(?:\w+\s+)?(?:list|plan|spreadsheet|draft|copy|prototype|table|report|booking|reservation|backup)"
    r"|run\s+(?:the|a|an|some)\s+(?:\w+\s+)?(?:tests?|numbers|report|backup|experiments?|survey)|do\s+the\s+(?!same\b|other\b)\w+"
    r"|add\s+(?!to\b|that\b|one\b|something\b)|drop\s+(?:off|them|him|her)|change\s+the|remove\s+the"
    r"|let\s+(?!me\b|us\b|you\b|it\b|'s)\w+(?:\s+\w+)?\s+know|share\s+(?:the|it\s+with)"
    r"|confirm\s+(?:the|with)\s|speak\s+(?:to|with)\s+(?!you\b|me\b|us\b|it\b|that\b)|have\s+(?:a|the|your|my)\s+(?:\w+\s+){1,3}(?:ready|done|to\s+(?:me|us|you)|with\s+(?:me|us))|have\s+(?:it|them|'em|that|those|the\s+\w+)\s+(?:ready|done)"
)
OF_THE_MEETING = words(
    """
    be have say start begin go admit explain tell show leave let wait see think try stop repeat
    mention note pass hand know understand remember keep discuss talk decide continue hear imagine
    hope wrap circle assume focus agree argue do not come like love need want get look meet chat
    stay use consider ask add answer mean jump turn join just believe find feel give take put make
    move read draw press hold click push bear face stick commit acknowledge direct cue confirm
    close sum catch recognise recognize speak support ensure target adapt interpret introduce
    switch describe walk briefly end finish open bring run touch raise call open sit stand
    quote point pivot clarify remind share review summarise summarize
    """
)
"""Said in a meeting, these verbs are about the meeting, the moment or the matter: they make a task only with a day."""
OUTSIDE = words("hire order buy")
"""What is done as soon as somebody says `let's`."""
NO_TASK = words(
    """
    not never mind be have assume guess say think know mean like love hate need want hope wish believe feel see hear
    remind assure speak start begin go stop come wait remember admit try find get sum move
    """
)
"""Nothing that is left to be done, whatever day is named beside it, unless in one of the phrases above."""
PLURALS = words("them those these 'em em")
PRONOUNS = words("it that this one") | PLURALS
PERSONS = words("him her")
LOOSE_ENDS = words("and or on by in at for so then now um like i we")
"""Words that no title ends in."""
VAGUE = words("take do handle own get grab tackle")
"""Verbs that mean what was said before."""
NOT_NAMES = words(
    """
    ok okay so well yes no great right thanks sure fine also now then hi hello actually anyway and
    but good perfect first second third next finally today tomorrow please maybe agreed morning
    everyone team guys folks all yeah yep cool nice i you they she he we it this that there what who
    someone somebody nobody everybody let legal one two three four five six clearly obviously
    absolutely mr mrs ms dr madam chair minister marketing monday tuesday wednesday thursday friday
    saturday sunday january february march april may june july august september october november
    december alright listen look warning question action item decision note remember
    """
)
"""Capitalised at the start, but nobody."""
DROPPED = words("me us please then also too")
EMPTY = words(
    """
    it that this them those these the a an one to for of on in at by with from up out care so now
    and about our your my his her their there some any all back again is was be as well just who
    what how when which done soon new
    """
)
"""Without a thing of their own."""
