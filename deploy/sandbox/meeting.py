"""The meeting of the sandbox: a planning of three people, with tasks that somebody took upon themselves. Pure data."""

from pathlib import Path

TEXT = """\
Анна Петрова: Коллеги, доброе утро, начинаем планёрку. Сегодня главное: запуск новой страницы записи.
Илья Смирнов: Доброе утро. Страница почти готова, осталась форма оплаты.
Анна Петрова: Клиника ждёт нас в пятницу.
Илья Смирнов: Я доделаю форму оплаты до четверга. Это срочно, без неё нельзя запускаться.
Мария Ким: В прошлый раз мы ошиблись в ценах.
Анна Петрова: Маша, подготовь, пожалуйста, новые тексты с ценами к завтрашнему дню.
Мария Ким: Хорошо.
Илья Смирнов: Ещё вопрос: оставляем старую страницу или выключаем?
Анна Петрова: Решили: старую страницу выключаем сразу после запуска, двух страниц не будет.
Мария Ким: А администраторы об этом знают?
Анна Петрова: Я напишу администраторам до понедельника.
Илья Смирнов: Договорились. У меня всё, спасибо, коллеги.
"""
"""What is said in it, a turn a line: three tasks with who and until when, and a decision."""

SPEAKERS = ("Анна Петрова", "Илья Смирнов")
"""Who speaks where the meeting is a recording, in turns of so many seconds."""
TURN_SECONDS = 8.0

RECORDING = Path(__file__).parent.parent / "samples" / "call1_booking.wav"
"""What is served as its recording: no voice here can speak the text."""
