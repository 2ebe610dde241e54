"""Words that people say whatever they talk about, by which nobody could tell what a meeting was about."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ENGLISH = _words(
    """
    a able about actually add after again ago agree agreed all almost along already alright also although always am amount
    an and another any anybody anyone anything anyway approach are aren around as ask asked at available away back based basically
    because been before being better between big bit both bring brought build built but by call called came can cannot case
    certain certainly change changing choose clear clearly close come comes coming complicated considered could couldn couple course
    covered cuz cos current cut day days decide decided decision definitely did didn difference different difficult direction discuss
    discussion do does doesn doing don done down during each eight either else end enough er especially even ever every everybody everyone
    everything exactly example fact fair far fast feel few final find fine first five follow for forgot form found four from front full function
    further general get gets getting give given gives giving go goes going gone gonna good got gotta great group guess guys had half hand happen hard
    has hasn have haven having he head hello help her here hey hi high him his hit hmm hope hour how however huh i idea if imagine important in include
    increase individual input instead interesting into is isn issue it its itself just keep keeping kind kinda knew know knows last later learn
    least leave left less let like likely little ll long longer look looking looks lost lot lots low lower made maybe make makes making many match
    matter may me mean means meet meeting meetings mention mentioned middle might mind mine minute minutes mm mmm mhm moment more most move moving much
    multiple must my myself name need needs never new next nice nine no nobody none nope not nothing now number numbers o obviously of off often oh
    ok okay old on once one ones only opinion or order other others our out over own part particular people per perfect perhaps person picture
    piece place plan play please point points possible possibly present pretty probably problem problems put putting question questions quick quickly quite
    rather re ready real really reason reasonable remember right run running said same saw say saying says second see seem seems seen send sent set seven
    shall she should shouldn show side similar simple since single sit sitting six size slightly slow slowly small so some somebody somehow someone something
    sometimes somewhat somewhere soon sorry sort sounds space speak speaker specific specifically stand start started state stay still stop straight stuff such suppose
    sure switch t take takes taking talk talked talking tell ten terms than thank thanks that the their them then there these they thing things
    think thinking third this those though thought three through throw time times to today together tomorrow too took top totally towards tried try trying turn twenty
    two type u uh um under understand unless until up us use used using usual usually various ve very view vs wait wanna want wanted wants was wasn way ways we week
    weeks well went were weren what whatever when where whether which while who whole whose why will willing with within without won wonder word words work worked working works
    worry would wouldn wow wrong yeah year years yep yes yesterday yet you your yours yourself morning afternoon evening everybody monday tuesday wednesday
    thursday friday saturday sunday january february march april june july august september october november december mister madam chair hon honourable right
    minister member members guy couple bunch whoever gosh god damn bloody hang rid end deal share says figure figured hundred thousand million percent zero
    trying decide noted agenda presentation slide slides morning marketing manager designer interface industrial expert professor grad phd postdoc whats heres cause eh ah
    mm-hmm mhmm draw drew drawn hold true easy easier continue continued sides prime younger older forty thirty fifty ideas aspect york city types thoughts
    aha cool sweet lovely brilliant cheers mate dear bye goodbye hopefully honestly literally anyways absolutely exactly precisely fairly mostly mainly particularly especially
    """
) - _words("interface presentation")
RUSSIAN = _words(
    """
    раз время день неделя месяц год час минута утро вечер вопрос дело вещь образ случай человек друг коллега встреча совещание
    тема слово понедельник вторник среда четверг пятница суббота воскресенье число порядок конец начало пара сторона итог смысл правда
    январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь спасибо господи момент вариант часть плюс минус проблема
    секунда первое второе третье всё нет да всего место штука жизнь бог чёрт черт образец вид ход счёт помощь работа ребята ребёнок сегодня
    """
)
"""Nouns."""
